import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import { SluiceError } from '../../lib/error.ts';
import { viewSchema } from '../../resource/view.ts';
import { argument, type CommandFunction } from '../command-options.ts';

export const run: CommandFunction = async (session, args) => {
  const file = argument(args, 0);
  const input: NodeJS.ReadableStream =
    file === '-' ? session.host.stdin : createReadStream(resolve(session.host.cwd, file));
  const failed = new Promise<never>((_, reject) => {
    input.once('error', (error: Error) => {
      reject(
        new SluiceError({
          code: 'usage',
          message: `cannot read ${file}: ${error.message}`,
          cure: 'Check the path.',
          cause: error,
        }),
      );
    });
  });
  const verified = await Promise.race([
    session.host.local.verifyAudit(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })),
    failed,
  ]);
  await session.out.result({
    document: { schema: viewSchema, kind: 'AuditVerification', ...verified },
    text: () => [verified.message],
  });
  if (!verified.ok) throw new SluiceError({ code: 'audit-broken', message: verified.message });
  return 0;
};
