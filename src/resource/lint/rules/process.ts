import { type Finding, findingAt, type FindingParts } from '../../finding.ts';
import type { SourceDocument } from '../../document.ts';
import type { LintContext } from '../context.ts';
import { listAt, numberAt, valueAt } from '../values.ts';

const defaultGraceSeconds = 30;

/** A Process and the front before it, on one machine. */
export function lintProcesses(context: LintContext): readonly Finding[] {
  return [
    ...context.ofKind('Process').flatMap(lintProcess),
    ...context.canaries.flatMap(({ document, spec, targetKind }) =>
      targetKind === 'Process'
        ? privileged(document, ['spec', 'service', 'port'], numberAt(spec, ['service', 'port']))
        : [],
    ),
  ];
}

function lintProcess(document: SourceDocument): readonly Finding[] {
  const found: Finding[] = [];
  const { value } = document;
  const at = (path: readonly string[], parts: FindingParts) =>
    found.push(findingAt(document, ['spec', ...path], parts));
  if (numberAt(value, ['spec', 'minReadySeconds']) === 0) {
    at(['minReadySeconds'], {
      code: 'min-ready-zero',
      message: 'minReadySeconds is 0.',
      fix: 'write minReadySeconds: 5 or more',
    });
  }
  if (numberAt(value, ['spec', 'replicas']) === 1) {
    at(['replicas'], { code: 'single-replica', message: 'replicas is 1.', fix: 'write replicas: 2 or more' });
  }
  const seconds = preStopSeconds(valueAt(value, ['spec', 'preStop']));
  const grace = numberAt(value, ['spec', 'terminationGracePeriodSeconds']);
  const graceSeconds = grace ?? defaultGraceSeconds;
  if (seconds !== null && graceSeconds <= seconds) {
    const shown = grace === null ? `${graceSeconds} s (the default)` : `${graceSeconds} s`;
    at(['preStop'], {
      code: 'grace-under-pre-stop',
      message: `preStop takes ${seconds} s of a grace period of ${shown}.`,
      fix: `write terminationGracePeriodSeconds: ${seconds + 30}`,
    });
  }
  return [
    ...found,
    ...privileged(document, ['spec', 'port'], numberAt(value, ['spec', 'port'])),
    ...privileged(document, ['spec', 'listen', 'port'], numberAt(value, ['spec', 'listen', 'port'])),
  ];
}

function preStopSeconds(preStop: unknown): number | null {
  // A `sleep` action is looked at when the resource is checked.
  const shell = /\bsleep (\d+)\b/.exec(listAt(preStop, ['exec', 'command']).join(' '));
  return shell ? Number(shell[1]) : null;
}

function privileged(
  document: SourceDocument,
  path: readonly string[],
  port: number | null,
): readonly Finding[] {
  if (port === null || port < 1 || port >= 1024) return [];
  const fix = `take a port of 1024 or above, such as ${port + 8000}, or allow it with setcap`;
  return [findingAt(document, path, { code: 'port-privileged', message: `The port is ${port}.`, fix })];
}
