import type { AuditVerification } from '../cli/host.ts';
import { verifyChain } from '../record/audit.ts';

export async function verifyAudit(lines: AsyncIterable<string>): Promise<AuditVerification> {
  const result = await verifyChain(lines);
  if (result.kind === 'broken') {
    return { ok: false, records: result.line - 1, message: `line ${result.line}: ${result.why}` };
  }
  const range =
    result.firstSequence === null
      ? ''
      : `, ${result.firstSequence} to ${result.lastSequence}, last hash ${result.lastHash}`;
  return {
    ok: true,
    records: result.events,
    message: `${result.events} records, whole and unchanged${range}`,
  };
}
