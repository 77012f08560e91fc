import { isRecord, type SourceDocument } from './document.ts';
import { type Finding, findingAt, type Path } from './finding.ts';
import { nearestName } from './nearest-name.ts';

/**
 * Our settings on a `flagger.app` Canary: a cluster's own Flagger drops unknown fields, but keeps annotations. Each stands for the
 * field that a `sluice.dev` Canary has at the path.
 */
const settingAnnotations: Readonly<Record<string, Path>> = {
  'sluice.dev/strategy': ['spec', 'strategy'],
  'sluice.dev/promotion': ['spec', 'promotion'],
  'sluice.dev/bake-duration': ['spec', 'bakeDuration'],
  'sluice.dev/slow-after': ['spec', 'slowAfter'],
  'sluice.dev/assign-by-header': ['spec', 'service', 'assignBy', 'header'],
  'sluice.dev/assign-by-cookie': ['spec', 'service', 'assignBy', 'cookie'],
  'sluice.dev/connect-timeout': ['spec', 'service', 'connectTimeout'],
  'sluice.dev/drain-timeout': ['spec', 'service', 'drainTimeout'],
  'sluice.dev/judge': ['spec', 'analysis', 'judge'],
  'sluice.dev/on-no-data': ['spec', 'analysis', 'onNoData'],
  'sluice.dev/on-inconclusive': ['spec', 'analysis', 'onInconclusive'],
  'sluice.dev/max-step-duration': ['spec', 'analysis', 'maxStepDuration'],
  'sluice.dev/false-rollback': ['spec', 'analysis', 'falseRollback'],
  'sluice.dev/margin': ['spec', 'analysis', 'margin'],
  'sluice.dev/min-effect': ['spec', 'analysis', 'minEffect'],
  'sluice.dev/level': ['spec', 'analysis', 'level'],
};

/** The value with the fields that its annotations stand for; a field that is written itself stays. */
export function withSettings(value: unknown): unknown {
  return settingsOf(value).reduce((whole, [, path, setting]) => withValue(whole, path, setting), value);
}

/** The annotation that stands for the field, or null. */
export function annotationFor(path: Path): string | null {
  const key = JSON.stringify(path);
  const found = Object.entries(settingAnnotations).find(([, target]) => JSON.stringify(target) === key);
  return found?.[0] ?? null;
}

/** Where the user wrote what stands at `path`: the annotation that it came from, or the path itself. */
export function writtenPath(value: unknown, path: Path): Path {
  const key = JSON.stringify(path);
  const from = settingsOf(value).find(([, target]) => JSON.stringify(target) === key);
  return from === undefined ? path : ['metadata', 'annotations', from[0]];
}

/** Annotations of ours that nothing reads. */
export function checkAnnotations(
  document: SourceDocument,
  flavour: 'sluice' | 'flagger',
): readonly Finding[] {
  return Object.keys(annotationsOf(document.value)).flatMap((name) => {
    if (!name.startsWith('sluice.dev/')) return [];
    const path = ['metadata', 'annotations', name];
    const target = Object.hasOwn(settingAnnotations, name) ? settingAnnotations[name] : undefined;
    if (target !== undefined && flavour === 'flagger') return [];
    const near = nearestName(name, Object.keys(settingAnnotations));
    const message =
      target === undefined
        ? `There is no annotation "${name}".`
        : `"${name}" is read on flagger.app objects only.`;
    const fix =
      target !== undefined ? `write ${target.join('.')}` : near === null ? 'remove it' : `write ${near}`;
    return [findingAt(document, path, { code: 'unknown-field', message, fix })];
  });
}

function settingsOf(value: unknown): readonly (readonly [string, Path, unknown])[] {
  const annotations = annotationsOf(value);
  return Object.entries(settingAnnotations).flatMap(([name, path]) =>
    Object.hasOwn(annotations, name) ? [[name, path, annotations[name]] as const] : [],
  );
}

function annotationsOf(value: unknown): Readonly<Record<string, unknown>> {
  const metadata = isRecord(value) ? value['metadata'] : undefined;
  const annotations = isRecord(metadata) ? metadata['annotations'] : undefined;
  return isRecord(annotations) ? annotations : {};
}

/** Sets what is absent. Where a parent is no mapping the schema will say so. */
function withValue(whole: unknown, path: Path, setting: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return whole ?? setting;
  if (whole !== undefined && whole !== null && !isRecord(whole)) return whole;
  return { ...whole, [head]: withValue(whole?.[String(head)], rest, setting) };
}
