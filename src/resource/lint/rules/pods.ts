import { type Finding, findingAt, type FindingParts, type Path } from '../../finding.ts';
import type { SourceDocument } from '../../document.ts';
import { canaryOf, type LintContext, partsAt } from '../context.ts';
import { countOf, has, listAt, numberAt, textAt, valueAt } from '../values.ts';
import { selectorLabel, selectorLabels } from './service.ts';

const defaultGraceSeconds = 30;
/** Room for requests in flight after preStop; the longest a caller usually waits. */
const marginSeconds = 20;

/** A Deployment as the target of a release: how its pods start, stop and are replaced. */
export function lintPods(context: LintContext): readonly Finding[] {
  return context
    .ofKind('Deployment')
    .flatMap((document) => [
      ...partsAt(document, ['spec', 'template', 'spec', 'containers']).flatMap(
        ({ path, value, name }, index) =>
          lintContainer(document, path, value, name || `containers[${index}]`),
      ),
      ...lintRolling(document),
      ...lintAsTarget(context, document),
    ]);
}

const podSpec: Path = ['spec', 'template', 'spec'];

function lintContainer(
  document: SourceDocument,
  path: Path,
  container: unknown,
  name: string,
): readonly Finding[] {
  const found: Finding[] = [];
  const at = (key: string, parts: FindingParts) => findingAt(document, [...path, key], parts);
  const misplaced = numberAt(container, ['terminationGracePeriodSeconds']);
  if (misplaced !== null) {
    const to = [...podSpec, 'terminationGracePeriodSeconds'];
    const edit = {
      kind: 'move',
      document: document.index,
      path: [...path, 'terminationGracePeriodSeconds'],
      to,
    } as const;
    const message = `terminationGracePeriodSeconds: ${misplaced} stands inside the container ${name}.`;
    const fix = 'move it to spec.template.spec, beside containers';
    found.push(at('terminationGracePeriodSeconds', { code: 'grace-in-container', message, fix, edit }));
  }
  // Only what gets requests needs the rest.
  const serves =
    has(container, ['ports']) ||
    ['readinessProbe', 'livenessProbe', 'startupProbe'].some((probe) => has(container, [probe]));
  if (!serves && listAt(document.value, [...podSpec, 'containers']).length > 1) return found;
  if (!has(container, ['readinessProbe'])) {
    found.push(
      at('name', {
        code: 'readiness-missing',
        message: `The container ${name} has no readinessProbe.`,
        fix: 'add one that tests what a request needs',
      }),
    );
  } else if (has(container, ['livenessProbe']) && sameProbe(container)) {
    found.push(
      at('livenessProbe', {
        code: 'readiness-is-liveness',
        message: `readinessProbe and livenessProbe of ${name} ask the same.`,
        fix: 'let liveness test only that the process still answers',
      }),
    );
  }
  return [...found, ...lintStop(document, path, container, name)];
}

function sameProbe(container: unknown): boolean {
  const asks = (probe: string): string => {
    const [path, port, socket] = [
      ['httpGet', 'path'],
      ['httpGet', 'port'],
      ['tcpSocket', 'port'],
    ].map((field) => valueAt(container, [probe, ...field]));
    const plain = [path, port, socket].map((value) =>
      typeof value === 'string' || typeof value === 'number' ? value : '',
    );
    return [...plain, listAt(container, [probe, 'exec', 'command']).join(' ')].join('\n');
  };
  return asks('readinessProbe') === asks('livenessProbe');
}

function lintStop(
  document: SourceDocument,
  path: Path,
  container: unknown,
  name: string,
): readonly Finding[] {
  const preStop = valueAt(container, ['lifecycle', 'preStop']);
  if (preStop === undefined || preStop === null) {
    const message = `The container ${name} has no preStop.`;
    return [
      findingAt(document, [...path, 'name'], {
        code: 'pre-stop-missing',
        message,
        fix: 'add lifecycle: {preStop: {sleep: {seconds: 15}}}',
      }),
    ];
  }
  const at = (parts: FindingParts) => findingAt(document, [...path, 'lifecycle', 'preStop'], parts);
  const found: Finding[] = [];
  const command = listAt(preStop, ['exec', 'command']).join(' ');
  const shell = /\bsleep (\d+)\b/.exec(command);
  const seconds = numberAt(preStop, ['sleep', 'seconds']) ?? (shell ? Number(shell[1]) : null);
  if (shell) {
    const fix = `write preStop: {sleep: {seconds: ${shell[1]}}} (Kubernetes 1.30 or newer)`;
    found.push(
      at({
        code: 'pre-stop-shell',
        message: `preStop of ${name} needs a shell and sleep in the image.`,
        fix,
      }),
    );
  }
  if (seconds === null) return found;
  const grace = numberAt(document.value, [...podSpec, 'terminationGracePeriodSeconds']);
  const graceSeconds = grace ?? defaultGraceSeconds;
  const left = graceSeconds - seconds;
  const shown = grace === null ? `${graceSeconds} s (the default)` : `${graceSeconds} s`;
  const fix = `write terminationGracePeriodSeconds: ${seconds + marginSeconds + 10} under spec.template.spec`;
  if (left <= 0)
    found.push(
      at({
        code: 'grace-under-pre-stop',
        message: `preStop of ${name} takes ${seconds} s of a grace period of ${shown}.`,
        fix,
      }),
    );
  else if (left < marginSeconds)
    found.push(
      at({
        code: 'grace-margin',
        message: `Of a grace period of ${shown}, preStop of ${name} takes ${seconds} s and leaves ${left} s.`,
        fix,
      }),
    );
  return found;
}

function lintRolling(document: SourceDocument): readonly Finding[] {
  const { value } = document;
  const found: Finding[] = [];
  const at = (path: Path, parts: FindingParts) => found.push(findingAt(document, ['spec', ...path], parts));
  const replicas = numberAt(value, ['spec', 'replicas']) ?? 1;
  if (textAt(value, ['spec', 'strategy', 'type']) === 'Recreate') {
    at(['strategy', 'type'], {
      code: 'recreate-strategy',
      message: 'strategy.type is Recreate.',
      fix: 'write type: RollingUpdate with maxUnavailable: 0',
    });
    return found;
  }
  const rolling = ['spec', 'strategy', 'rollingUpdate'];
  const surge = countOf(valueAt(value, [...rolling, 'maxSurge']) ?? '25%', replicas, 'up');
  const unavailable = countOf(valueAt(value, [...rolling, 'maxUnavailable']) ?? '25%', replicas, 'down');
  if (surge === 0 && unavailable === 0 && has(value, [...rolling, 'maxSurge'])) {
    at(['strategy', 'rollingUpdate'], {
      code: 'roll-stuck',
      message: `maxSurge and maxUnavailable come to 0 of ${replicas} replicas.`,
      fix: 'write maxSurge: 25% or a number above 0',
    });
  } else if (unavailable !== null && unavailable > 0) {
    const message = `Up to ${unavailable} of ${replicas} pods may be missing while they are replaced.`;
    at(['strategy', 'rollingUpdate', 'maxUnavailable'], {
      code: 'max-unavailable',
      message,
      fix: 'write maxUnavailable: 0 and maxSurge: 25%',
    });
  }
  if ((numberAt(value, ['spec', 'minReadySeconds']) ?? 0) === 0) {
    at(['minReadySeconds'], {
      code: 'min-ready-zero',
      message: 'minReadySeconds is 0.',
      fix: 'write minReadySeconds: 10 or more under spec',
    });
  }
  if (has(value, ['spec', 'progressDeadlineSeconds'])) {
    const message = `progressDeadlineSeconds: ${numberAt(value, ['spec', 'progressDeadlineSeconds'])} undoes nothing by itself.`;
    at(['progressDeadlineSeconds'], {
      code: 'roll-deadline-does-nothing',
      message,
      fix: 'leave the undoing to the Canary that releases this Deployment',
    });
  }
  if (numberAt(value, ['spec', 'replicas']) === 1) {
    at(['replicas'], { code: 'single-replica', message: 'replicas is 1.', fix: 'write replicas: 2 or more' });
  }
  return found;
}

function lintAsTarget(context: LintContext, document: SourceDocument): readonly Finding[] {
  const canary = canaryOf(context, document);
  if (canary === undefined) return [];
  const found: Finding[] = [];
  if (has(document.value, ['spec', 'replicas']) && canary.flavour === 'flagger') {
    const message = `replicas: ${numberAt(document.value, ['spec', 'replicas'])} is in the manifest of a Deployment that a Canary releases.`;
    found.push(
      findingAt(document, ['spec', 'replicas'], {
        code: 'replicas-in-manifest',
        message,
        fix: 'remove it, and let an autoscaler or the primary hold the number',
      }),
    );
  }
  if (selectorLabel(document) === null) {
    const message = `spec.selector.matchLabels has none of ${selectorLabels.join(', ')}.`;
    found.push(
      findingAt(document, ['spec', 'selector'], {
        code: 'selector-label',
        message,
        fix: `select on app: ${document.name}`,
      }),
    );
  }
  return found;
}
