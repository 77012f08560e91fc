import { type ErrorCode, errorCodes } from '../lib/error-codes.ts';
import type { TerminalName } from '../rollout/state.ts';

/** What a script may rely on. A number is never given another meaning; docs/reference/cli.md prints this table. */
export const exitCodes = {
  reached: { code: 0, meaning: 'Reached what was asked (promoted, or the state of --for).' },
  unexpected: { code: 1, meaning: 'Something failed; the error line has its code.' },
  usage: { code: 2, meaning: 'The command line or a resource is not valid.' },
  rolledBack: {
    code: 3,
    meaning: 'The rollout was rolled back by a check, a deadline or a hook; of `judge`: it would have been.',
  },
  aborted: { code: 4, meaning: 'The rollout was aborted or rejected by a person, or backed out.' },
  timedOut: { code: 5, meaning: 'The time to wait ran out; the rollout goes on. Of `judge`: undecided.' },
  needsApproval: { code: 6, meaning: 'It waits for an approval and --no-wait-for-approval was given.' },
  superseded: { code: 7, meaning: 'A newer revision took its place.' },
  notFound: { code: 8, meaning: 'Not found, or the revision was never observed.' },
  notAllowed: { code: 9, meaning: 'Not allowed: token missing or wrong, or no permission.' },
  unreachable: { code: 10, meaning: 'No engine answers, or it cannot act.' },
  interrupted: { code: 130, meaning: 'Interrupted; the rollout goes on.' },
} as const;

export type ExitName = keyof typeof exitCodes;

const outcomes: Readonly<Record<TerminalName, ExitName>> = {
  Promoted: 'reached',
  RolledBack: 'rolledBack',
  Aborted: 'aborted',
  Failed: 'unexpected',
  Superseded: 'superseded',
};

/** The exit code of a command that waited for a rollout's end. */
export function exitCodeOfOutcome(outcome: TerminalName): number {
  return exitCodes[outcomes[outcome]].code;
}

/** The exit code of a command that ended with an error. */
export function exitCodeOfError(code: ErrorCode): number {
  return errorCodes[code].exit;
}
