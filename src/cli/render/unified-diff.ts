import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

/** The change of a file as `diff -u` writes it, so that `patch` reads it; no line where nothing changes. */
export function unifiedDiff(file: string, before: string, after: string): readonly string[] {
  if (before === after) return [];
  const patch = createTwoFilesPatch(file, file, before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
  return patch.replace(/\n$/, '').split('\n');
}
