/**
 * The characters of an HTTP/1.1 message head (RFC 9110 5.5 and 5.6.2, RFC 9112), as tables over latin1 code units. Strict
 * on purpose: whatever two programs could read in two ways is refused here, so that nothing can be smuggled past.
 */
const token = new Uint8Array(256);
for (const c of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
  token[c.charCodeAt(0)] = 1;

const fieldValue = new Uint8Array(256);
for (let c = 0x20; c < 0x100; c += 1) if (c !== 0x7f) fieldValue[c] = 1;
fieldValue[0x09] = 1;

const target = new Uint8Array(256);
for (let c = 0x21; c < 0x7f; c += 1) target[c] = 1;

/** One field line: where it stands in the text (with its CRLF), its name in lower case, its value without outer blanks. */
export interface FieldLine {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

export function isToken(text: string): boolean {
  if (text === '') return false;
  for (let i = 0; i < text.length; i += 1) if (token[text.charCodeAt(i)] !== 1) return false;
  return true;
}

export function isTarget(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (target[text.charCodeAt(i)] !== 1) return false;
  return text !== '';
}

/**
 * Reads field lines from `from` to the end of `text`, which ends with the last line's CRLF. A string says what is wrong:
 * a blank before the colon, a folded line, a bare CR or LF, NUL or another control character.
 */
export function parseFieldLines(text: string, from: number, limit: number): FieldLine[] | string {
  const lines: FieldLine[] = [];
  const end = text.length;
  let at = from;
  while (at < end) {
    const start = at;
    while (token[text.charCodeAt(at)] === 1) at += 1;
    if (at === start || text.charCodeAt(at) !== 0x3a) return 'bad field name';
    const name = text.slice(start, at).toLowerCase();
    at += 1;
    while (isBlank(text.charCodeAt(at))) at += 1;
    const valueStart = at;
    while (fieldValue[text.charCodeAt(at)] === 1) at += 1;
    let valueEnd = at;
    if (text.charCodeAt(at) !== 0x0d || text.charCodeAt(at + 1) !== 0x0a) return 'bad field value';
    while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd -= 1;
    at += 2;
    lines.push({ name, value: text.slice(valueStart, valueEnd), start, end: at });
    if (lines.length > limit) return 'too many fields';
  }
  return lines;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Content-Length: digits only, and small enough to be counted exactly. -1 where it is not. */
export function parseContentLength(value: string): number {
  return /^\d{1,15}$/.test(value) ? Number(value) : -1;
}
