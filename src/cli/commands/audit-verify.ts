import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { SluiceError } from '../../lib/error.ts';
import { viewSchema } from '../../resource/view.ts';
import { argument, type CommandFunction } from '../command-options.ts';
import type { Session } from '../session.ts';

export const run: CommandFunction = async (session, args) => {
  const verified = await session.host.local.verifyAudit(await linesOf(session, argument(args, 0)));
  await session.out.result({
    document: { schema: viewSchema, kind: 'AuditVerification', ...verified },
    text: () => [verified.message],
  });
  if (!verified.ok) throw new SluiceError({ code: 'audit-broken', message: verified.message });
  return 0;
};

async function linesOf({ host }: Session, file: string): Promise<AsyncIterable<string>> {
  if (file === '-') return createInterface({ input: host.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    return (await open(resolve(host.cwd, file))).readLines();
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new SluiceError({
      code: 'usage',
      message: `cannot read ${file}: ${reason}`,
      cure: 'Check the path.',
      cause: thrown,
    });
  }
}
