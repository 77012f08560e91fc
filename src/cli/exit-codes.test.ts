import { expect, test } from 'vitest';
import { errorCodes, type ErrorCode } from '../lib/error-codes.ts';
import { exitCodeOfError, exitCodeOfOutcome, exitCodes } from './exit-codes.ts';

test('the exit codes are a contract', () => {
  const table = Object.entries(exitCodes).map(([name, entry]) => `${entry.code} ${name}`);
  expect(table).toMatchInlineSnapshot(`
    [
      "0 reached",
      "1 unexpected",
      "2 usage",
      "3 rolledBack",
      "4 aborted",
      "5 timedOut",
      "6 needsApproval",
      "7 superseded",
      "8 notFound",
      "9 notAllowed",
      "10 unreachable",
      "130 interrupted",
    ]
  `);
});

test('each end of a rollout has its own exit code', () => {
  const ends = ['Promoted', 'RolledBack', 'Aborted', 'Failed', 'Superseded'] as const;
  expect(ends.map((end) => `${end} ${exitCodeOfOutcome(end)}`)).toMatchInlineSnapshot(`
    [
      "Promoted 0",
      "RolledBack 3",
      "Aborted 4",
      "Failed 1",
      "Superseded 7",
    ]
  `);
});

test('every error ends a command with a documented exit code', () => {
  const documented = new Set<number>(Object.values(exitCodes).map((entry) => entry.code));
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    expect(documented, code).toContain(exitCodeOfError(code));
  }
});
