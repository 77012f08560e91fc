import { expect, test } from 'vitest';
import { canonicalJson } from '../lib/canonical-json.ts';
import { chainStart, hashOf } from '../record/event-chain.ts';
import { verifyAudit } from './verify-audit.ts';

/** Three records as an export has them. */
function exported(): string[] {
  let previousHash = chainStart;
  return [1, 2, 3].map((sequence) => {
    const event = {
      id: `e${sequence}`,
      atMs: sequence,
      key: 'default/shop',
      rollout: null,
      kind: 'engine' as const,
      actor: { kind: 'controller' as const, name: 'sluice' },
      message: 'something',
      data: null,
      sequence,
      previousHash,
    };
    const { hash } = hashOf(event);
    previousHash = hash;
    return canonicalJson({ ...event, hash });
  });
}

async function message(lines: readonly string[]): Promise<string> {
  async function* each(): AsyncGenerator<string> {
    yield* lines;
  }
  const { ok, message: text } = await verifyAudit(each());
  return `${ok} ${text.replace(/hash [0-9a-f]{64}/, 'hash H')}`;
}

test('says what an export holds, and what it does not', async () => {
  const lines = exported();
  expect(await message(lines)).toBe('true 3 records, whole and unchanged, 1 to 3, last hash H');
  expect(await message(lines.slice(1))).toBe(
    'true 2 records, unchanged, but records 1 to 1 are not in it, 2 to 3, last hash H',
  );
  expect(await message([lines[0] ?? '', lines[2] ?? ''])).toMatch(/^false line 2: /);
});
