import { expect, test } from 'vitest';
import { ReportOnce } from './report-once.ts';

test('a text is told once, again after it was well, and again when many others came between', () => {
  const told: string[] = [];
  const once = new ReportOnce(({ message, where }) => told.push(`${where} ${message}`), 'it:');
  once.tell(new Error('a'));
  once.tell('a');
  expect(told).toEqual(['it: a']);
  once.forget();
  once.tell('a');
  expect(told.length).toBe(2);
  for (let other = 0; other < 256; other += 1) once.tell(`other ${other}`);
  once.tell('a');
  expect(told.length).toBe(2 + 256 + 1);
  once.tell('other 255');
  expect(told.length).toBe(2 + 256 + 1);
});
