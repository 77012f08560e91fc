const maxLength = 500;
const maxUnbounded = 5;

/**
 * Prometheus' regular expressions (RE2, anchored at both ends) as a JavaScript one, or null if it is not sure to run in
 * reasonable time: JavaScript backtracks, RE2 does not, and manifests come from anyone.
 */
export function safeRegExp(pattern: string): RegExp | null {
  if (pattern.length > maxLength || hasNestedRepetition(pattern)) return null;
  const insensitive = pattern.startsWith('(?i)');
  const body = (insensitive ? pattern.slice(4) : pattern).replaceAll('(?P<', '(?<');
  try {
    return new RegExp(`^(?:${body})$`, insensitive ? 'is' : 's');
  } catch {
    return null;
  }
}

/** Too many unbounded repetitions, or one inside a repeated group: both can take exponential or high polynomial time. */
function hasNestedRepetition(pattern: string): boolean {
  const groups: boolean[] = [];
  let closed = false;
  let count = 0;
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern.charAt(index);
    if (char === '\\') {
      index += 1;
      closed = false;
    } else if (char === '[') {
      index = classEnd(pattern, index);
      closed = false;
    } else if (char === '(') {
      groups.push(false);
      closed = false;
    } else if (char === ')') {
      closed = groups.pop() ?? false;
      if (closed && groups.length > 0) groups[groups.length - 1] = true;
    } else if (char === '*' || char === '+' || (char === '{' && /^\{\d*,?\d*\}/.test(pattern.slice(index)))) {
      count += 1;
      if (closed || count > maxUnbounded) return true;
      if (groups.length > 0) groups[groups.length - 1] = true;
    } else {
      closed = false;
    }
  }
  return false;
}

function classEnd(pattern: string, start: number): number {
  for (let index = start + 2; index < pattern.length; index += 1) {
    if (pattern.charAt(index) === '\\') index += 1;
    else if (pattern.charAt(index) === ']') return index;
  }
  return pattern.length;
}
