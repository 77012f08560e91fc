import { expect, test } from 'vitest';
import { readDocuments } from '../document.ts';
import { checkDocuments } from './check-documents.ts';

function codes(spec: Readonly<Record<string, unknown>>): readonly string[] {
  const process = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Process',
    metadata: { name: 'shop' },
    spec: { command: ['node', 'shop.js'], ...spec },
  };
  const { documents } = readDocuments('x.yaml', JSON.stringify(process));
  return checkDocuments(documents).findings.map(({ severity, code }) => `${severity} ${code}`);
}

test.each([
  ['nothing more', {}, []],
  ['no command', { command: [] }, ['error invalid-value']],
  ['a command as text', { command: 'node shop.js' }, ['error wrong-type']],
  ['env as a mapping', { env: { A: '1' } }, []],
  [
    'env as a list',
    {
      env: [
        { name: 'A', value: '1' },
        { name: 'B', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } },
      ],
    },
    [],
  ],
  ['a number in env', { env: { A: 1 } }, ['error wrong-type']],
  ['a number in a list of env', { env: [{ name: 'A', value: 1 }] }, ['error wrong-type']],
  ['a typo in a list of env', { env: [{ name: 'A', valeu: '1' }] }, ['error unknown-field']],
  ['env as text', { env: 'A=1' }, ['error wrong-type']],
  ['a broken name in env', { env: { 'A=B': '1' } }, ['error invalid-name']],
  ['PORT in env', { env: { PORT: '1' } }, ['warning port-env-conflict']],
  ['no replicas', { replicas: 0 }, ['error replicas-zero']],
  ['half a replica', { replicas: 1.5 }, ['error wrong-type']],
  [
    'Recreate that rolls',
    { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
    ['error strategy-conflict'],
  ],
  ['a surge of text', { strategy: { rollingUpdate: { maxSurge: 'some' } } }, ['error invalid-value']],
  ['a probe of nothing', { readinessProbe: { periodSeconds: 1 } }, ['error probe-invalid']],
  [
    'a probe of two',
    { readinessProbe: { httpGet: {}, exec: { command: ['true'] } } },
    ['error probe-invalid'],
  ],
  ['a named port', { readinessProbe: { httpGet: { port: 'http' } } }, ['error probe-invalid']],
  ['TLS', { readinessProbe: { httpGet: { scheme: 'HTTPS' } } }, ['error probe-invalid']],
  [
    'two successes to live',
    { livenessProbe: { tcpSocket: {}, successThreshold: 2 } },
    ['error probe-threshold'],
  ],
  ['two successes to serve', { readinessProbe: { tcpSocket: {}, successThreshold: 2 } }, []],
  ['a long sleep', { preStop: { sleep: { seconds: 30 } } }, ['warning grace-too-short']],
  ['a sleep with time left', { preStop: { sleep: { seconds: 5 } } }, []],
])('%s', (_, spec, expected) => {
  expect(codes(spec)).toEqual(expected);
});
