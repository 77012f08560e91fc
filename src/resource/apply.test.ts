import { expect, test } from 'vitest';
import { compileApply, type ManifestText } from './apply.ts';
import { canary, type Json, processOf } from './fixtures/resources.ts';

const steps = { steps: [{ weight: 10 }] };

function file(...resources: readonly Json[]): readonly ManifestText[] {
  return [{ file: 'new.yaml', text: resources.map((one) => JSON.stringify(one)).join('\n---\n') }];
}

function sourcesOf(files: readonly ManifestText[]): readonly (readonly string[])[] {
  return compileApply(files, []).services.map(({ source }) => source);
}

function outcome({ services, findings }: ReturnType<typeof compileApply>): unknown {
  return [
    services.map(({ spec }) => `${spec.name} ${spec.plan.strategy} ${spec.plan.replicas}`),
    findings.map((finding) => `${finding.file} ${finding.code}`),
  ];
}

test('a Process that is applied alone stays with its Canary', () => {
  const stored = sourcesOf(file(canary(steps), processOf()));
  expect(outcome(compileApply(file(processOf({ replicas: 7 })), stored))).toEqual([['shop Canary 7'], []]);
  expect(outcome(compileApply(file(processOf({ replicas: 7 })), []))).toEqual([
    [],
    ['new.yaml process-without-canary', 'new.yaml port-missing'],
  ]);
});

test('a Canary that is applied later takes over a Process that rolled', () => {
  const stored = sourcesOf(file(processOf({ listen: { port: 9000 } })));
  expect(outcome(compileApply(file(canary(steps)), stored))).toEqual([['shop Canary 4'], []]);
});

test('a service that the files have no part in is left alone, but its port is taken', () => {
  const other = processOf({ listen: { port: 9000 } }, { name: 'other' });
  const stored = sourcesOf(file(other));
  expect(outcome(compileApply(file(canary(steps), processOf()), stored))).toEqual([['shop Canary 4'], []]);
  expect(outcome(compileApply(file(canary(steps), processOf({ listen: { port: 9000 } })), stored))).toEqual([
    ['shop Canary 4'],
    ['(applied) port-shared'],
  ]);
});

test('a relative working directory means the folder of the file, in what runs and in what is stored', () => {
  const dirs = (spec: Json): unknown => {
    const files = file(canary(steps), processOf(spec)).map((one) => ({ ...one, folder: '/srv/shop' }));
    return compileApply(files, []).services.map(({ target, source }) => [
      (target.template as { workingDir: string }).workingDir,
      /"?workingDir"?: *"?([^",}\s]*)/.exec(source.join('\n'))?.[1],
    ]);
  };
  expect(dirs({})).toEqual([['/srv/shop', '/srv/shop']]);
  expect(dirs({ workingDir: '../app/.' })).toEqual([['/srv/app', '/srv/app']]);
  expect(dirs({ workingDir: '/opt' })).toEqual([['/opt', '/opt']]);
});
