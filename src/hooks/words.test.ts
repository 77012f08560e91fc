import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitWords } from './words.ts';

describe('splitWords', () => {
  test('reads words as a shell would', () => {
    expect(splitWords(`hey -z 1m -H 'A: b c' -d "x \\"y\\"" http://a/?q=1&r=[2] a\\ b`)).toEqual({
      ok: true,
      value: ['hey', '-z', '1m', '-H', 'A: b c', '-d', 'x "y"', 'http://a/?q=1&r=[2]', 'a b'],
    });
  });

  test.each([
    'hey http://a; rm -rf /',
    'hey http://a && rm x',
    'hey http://a & rm x',
    'hey http://a&',
    'hey http://a | sh',
    'hey $(id)',
    'hey `id`',
    'hey "$(id)"',
    'hey "`id`"',
    'hey > /etc/passwd',
    'hey *',
    'hey ~/x',
    'hey $HOME',
  ])('refuses what needs a shell: %s', (line) => {
    expect(splitWords(line)).toMatchObject({ ok: false });
  });

  test('says where a quote is open', () => {
    expect(splitWords("hey 'a")).toEqual({ ok: false, error: 'a quote at column 5 is not closed' });
  });

  test('gives back any words that were quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }).filter((word) => !word.includes("'"))), (words) => {
        const line = words.map((word) => `'${word}'`).join(' ');
        expect(splitWords(line)).toEqual({ ok: true, value: words });
      }),
    );
  });
});
