import { mkdtempSync, readFileSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogFile } from './log-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('is rotated by copy, keeps the newest part of a flood, and its writers go on at the start', () => {
  const log = new LogFile(join(folder, 'app.log'), { maxBytes: 10, files: 3 });
  const written: string[] = [];
  for (const text of ['short', '0123456789', 'a flood of text', 'the third one', 'rest']) {
    writeSync(log.descriptor, text);
    written.push(`${text}: ${log.rotateIfFull()}`);
  }
  expect(written).toEqual([
    'short: false',
    '0123456789: true',
    'a flood of text: true',
    'the third one: true',
    'rest: false',
  ]);
  const files = readdirSync(folder)
    .toSorted()
    .map((name) => `${name}: ${readFileSync(join(folder, name), 'utf8')}`);
  expect(files).toEqual([
    'app.log: rest',
    `app.log.1: ${'the third one'.slice(-10)}`,
    `app.log.2: ${'a flood of text'.slice(-10)}`,
  ]);
  log.close();
});
