import { expect, test } from 'vitest';
import { one, processOf } from './fixtures/resources.ts';
import { retarget } from './retarget.ts';

const { target } = one(processOf({ listen: { port: 9000 }, env: { A: '1', B: '2' } }));

test('replaces what is named, and names the result anew', () => {
  const next = retarget(target.template, { args: ['--fast'], env: { B: '3', VERSION: 'v2' } });
  expect(next.template).toMatchObject({
    command: ['node', 'shop.js'],
    args: ['--fast'],
    env: { A: '1', B: '3', VERSION: 'v2' },
  });
  expect(next.label).toBe('v2');
  expect(next.revision).not.toBe(target.revision);
});

test('a change of nothing is the same revision', () => {
  expect(retarget(target.template, { env: { A: '1' } }).revision).toBe(target.revision);
});
