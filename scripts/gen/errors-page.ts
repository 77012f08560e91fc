import { type ErrorCodeEntry, errorCodes, type Retry } from '../../src/lib/error-codes.ts';
import { code, madeFrom, page } from './markdown.ts';

const again: Readonly<Record<Retry, string>> = {
  yes: 'Doing the same again can help.',
  no: 'Doing the same again does not help.',
  after: 'Doing the same again can help, after the time that it says.',
};

/** A heading a code, so that a link can lead to one. */
export function errorsPage(): string {
  return page(
    madeFrom('src/lib/error-codes.ts'),
    '# Error codes',
    'Every error that leaves Sluice has a code. A command ends with one line on stderr that carries it; the API answers with ' +
      'it as JSON with `code`, `message`, `cure`, `retry` and `requestId`. A code is never renamed and never used again for something else.',
    ...Object.entries(errorCodes).map(([name, entry]) => section(name, entry)),
  );
}

function section(name: string, { retry, status, exit, when, cure }: ErrorCodeEntry): string {
  return `## ${name}\n\n${when}\n\n- What to do: ${cure}\n- ${again[retry]}\n- Exit code ${code(String(exit))}, HTTP status ${code(String(status))}.`;
}
