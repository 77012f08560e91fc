import type { ErrorCode } from '../lib/error-codes.ts';
import { SluiceError } from '../lib/error.ts';

/** Primary result codes, https://www.sqlite.org/rescode.html */
const codes: Readonly<Record<number, ErrorCode>> = {
  5: 'state-locked',
  6: 'state-locked',
  8: 'state-unwritable',
  10: 'state-unwritable',
  13: 'state-unwritable',
  14: 'state-unwritable',
  11: 'state-damaged',
  26: 'state-damaged',
};

/** Codes of the file system, from making the directory. */
const unwritable: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOSPC',
  'EDQUOT',
  'ENOTDIR',
  'EEXIST',
  'EIO',
  'ENOENT',
]);

/** What SQLite or the file system threw, as the error that leaves the record. `doing` begins the sentence. */
export function toRecordError(thrown: unknown, doing: string): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const message = `${doing}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  const details = thrown as { readonly errcode?: unknown; readonly code?: unknown } | null;
  const errcode = typeof details?.errcode === 'number' ? codes[details.errcode & 0xff] : undefined;
  const fileSystem =
    typeof details?.code === 'string' && unwritable.has(details.code) ? 'state-unwritable' : undefined;
  return new SluiceError({ code: errcode ?? fileSystem ?? 'internal', message, cause: thrown });
}
