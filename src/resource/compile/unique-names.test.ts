import { array, assert, constantFrom, property } from 'fast-check';
import { expect, test } from 'vitest';
import { uniqueNames } from './unique-names.ts';

test('a repeated name gets the first free number', () => {
  expect(uniqueNames(['a', 'b', 'a', 'a-2', 'a'])).toEqual(['a', 'b', 'a-3', 'a-2', 'a-4']);
});

test('names are unique, and the first of each stays', () => {
  assert(
    property(array(constantFrom('a', 'a-2', 'a-3', 'b')), (names) => {
      const unique = uniqueNames(names);
      expect(new Set(unique).size).toBe(names.length);
      for (const name of new Set(names)) expect(unique[names.indexOf(name)]).toBe(name);
    }),
  );
});
