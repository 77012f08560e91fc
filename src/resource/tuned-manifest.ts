import { annotationFor } from './annotations.ts';
import { applyEdit } from './apply-edit.ts';
import type { CanaryResource } from './check/resource.ts';
import { uniqueNames } from './compile/unique-names.ts';
import type { Edit, Path } from './finding.ts';
import { metricKind, objectiveText } from './metric-kind.ts';
import type { MetricValue } from './schema/analysis.ts';

/** What is to be written into a Canary. */
export interface TunedSettings {
  /** Limit of a check as the share of bad requests, 0 to 1, by the name of the check. */
  readonly limits: Readonly<Record<string, number>>;
  readonly margin?: number;
  readonly level?: number;
}

/** The manifest with these settings; comments and all other lines stay. What cannot be written is left as it is. */
export function tunedManifest(text: string, canary: CanaryResource, settings: TunedSettings): string {
  let tuned = text;
  for (const edit of tunedEdits(canary, settings)) tuned = applyEdit(tuned, edit) ?? tuned;
  return tuned;
}

function tunedEdits(canary: CanaryResource, settings: TunedSettings): readonly Edit[] {
  const metrics = canary.value.spec.analysis?.metrics ?? [];
  const names = uniqueNames(metrics.map(({ name }) => name));
  const document = canary.document.index;
  const edits: Edit[] = metrics.flatMap((metric, index) => {
    const share = settings.limits[names[index] ?? metric.name];
    const path = ['spec', 'analysis', 'metrics', index];
    return share === undefined ? [] : limitEdits(metric, share, document, path);
  });
  const { margin, level } = settings;
  if (margin !== undefined) edits.push(settingEdit(canary, 'margin', margin));
  if (level !== undefined) edits.push(settingEdit(canary, 'level', level));
  return edits;
}

/** On a `flagger.app` object as an annotation, since a cluster's Flagger drops fields that it does not know. */
function settingEdit({ document, flavour }: CanaryResource, field: 'margin' | 'level', value: number): Edit {
  const path = ['spec', 'analysis', field];
  const annotation = flavour === 'flagger' ? annotationFor(path) : null;
  if (annotation === null) return { kind: 'set', document: document.index, path, value };
  return {
    kind: 'set',
    document: document.index,
    path: ['metadata', 'annotations', annotation],
    value: String(value),
  };
}

function limitEdits(metric: MetricValue, share: number, document: number, path: Path): readonly Edit[] {
  const percent = exact(share * 100);
  const set = (at: Path, value: unknown): Edit => ({
    kind: 'set',
    document,
    path: [...path, ...at],
    value,
  });
  switch (metricKind(metric)) {
    case 'objective': {
      const at = typeof metric.objective === 'string' ? ['objective'] : ['objective', 'limit'];
      return [set(at, tunedObjective(objectiveText(metric.objective ?? ''), metric.name, percent))];
    }
    case 'errorShare':
      return [set(metric.thresholdRange === undefined ? ['threshold'] : ['thresholdRange', 'max'], percent)];
    case 'successShare': {
      const at = metric.thresholdRange === undefined ? ['threshold'] : ['thresholdRange', 'min'];
      return [set(at, exact(100 - percent))];
    }
    case 'latency': {
      // Its quantile is fixed to 0.99; only an objective can name another.
      const most = metric.thresholdRange?.max ?? metric.threshold;
      if (most === undefined) return [];
      const old = metric.thresholdRange === undefined ? 'threshold' : 'thresholdRange';
      const objective = `p${exact(100 - percent)} ${most}ms`;
      return [set(['objective'], objective), { kind: 'remove', document, path: [...path, old] }];
    }
    default:
      return [];
  }
}

/** The same objective with another share: the way it is written stays. */
function tunedObjective(text: string, metricName: string, percent: number): string {
  if (/^\s*p\d/i.test(text)) return text.trim().replace(/^p[\d.]+/i, `p${exact(100 - percent)}`);
  const sign = /^\s*(<=?|≤|>=?|≥)\s*/.exec(text)?.[0].trim() ?? '';
  const isFloor = sign === '' ? metricName === 'request-success-rate' : /^[>≥]/.test(sign);
  return `${sign}${sign === '' ? '' : ' '}${isFloor ? exact(100 - percent) : percent} %`;
}

/** Without the noise of binary fractions. */
function exact(value: number): number {
  return Number(value.toPrecision(10));
}
