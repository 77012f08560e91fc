import { formatDuration, parseDuration } from '../lib/duration.ts';
import { applyEdit } from './apply-edit.ts';
import { readDocuments } from './document.ts';
import type { Path } from './finding.ts';

/**
 * The same plan, `factor` times faster: every duration of a Canary's analysis and its bake, comments kept. What processes
 * need (probes, grace) stays as it is. For the demo, which shows a release of half an hour in half a minute.
 */
export function compressTime(text: string, factor: number): string {
  let compressed = text;
  for (const { kind, index, value } of readDocuments('', text).documents) {
    if (kind !== 'Canary') continue;
    for (const path of durationsOf(value, [])) {
      const written = path.reduce<unknown>(
        (at, key) => (at as Readonly<Record<string, unknown>>)[key],
        value,
      );
      const duration = parseDuration(String(written));
      if (!duration.ok) continue;
      const edit = {
        kind: 'set',
        document: index,
        path,
        value: formatDuration(duration.value / factor),
      } as const;
      compressed = applyEdit(compressed, edit) ?? compressed;
    }
  }
  return compressed;
}

const durationKeys: ReadonlySet<string> = new Set([
  'interval',
  'duration',
  'bakeDuration',
  'maxStepDuration',
]);

function durationsOf(value: unknown, path: Path): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    return durationKeys.has(key) && typeof member === 'string' ? [here] : durationsOf(member, here);
  });
}
