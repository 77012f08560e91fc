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
  // The chain cannot tell what stood before its first record.
  const extent =
    (result.firstSequence ?? 1) > 1
      ? `unchanged, but records 1 to ${(result.firstSequence ?? 1) - 1} are not in it`
      : 'whole and unchanged';
  return { ok: true, records: result.events, message: `${result.events} records, ${extent}${range}` };
}
