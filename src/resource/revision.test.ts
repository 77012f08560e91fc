import { expect, test } from 'vitest';
import { revisionOf } from './revision.ts';

test('is the same for the same content, whatever the order of keys', () => {
  expect(revisionOf({ b: 1, a: [1, 2] })).toBe(revisionOf({ a: [1, 2], b: 1 }));
  expect(revisionOf({ a: [2, 1], b: 1 })).not.toBe(revisionOf({ a: [1, 2], b: 1 }));
});

test('never changes for a template that is in use', () => {
  expect(revisionOf({ command: ['node', 'shop.js'], env: { A: '1' } })).toMatchInlineSnapshot(`"60fcc6cdc7"`);
});
