import { ApiError } from '../client/api-error.ts';
import { type SluiceError, toSluiceError } from '../lib/error.ts';
import { InvalidManifest } from '../resource/invalid-manifest.ts';
import { exitCodeOfError } from './exit-codes.ts';
import { findingLines } from './render/findings.ts';
import type { Session } from './session.ts';

/** Says what failed, why, what to do, the code and the request id, on stderr. Returns the exit code. */
export function printError(
  thrown: unknown,
  session: Pick<Session, 'host' | 'progressStyle' | 'out' | 'options'>,
): number {
  const error = toSluiceError(thrown, 'internal');
  const exit = exitCodeOfError(error.code);
  const { host, progressStyle: style } = session;
  if (session.out.isMachineReadable) {
    host.stderr.write(`${JSON.stringify(errorDocument(error, exit))}\n`);
    return exit;
  }
  const findings = error instanceof ApiError || error instanceof InvalidManifest ? error.findings : [];
  const head =
    error.code === 'interrupted' ? error.message : `${style.colors.red('error')}: ${error.message}`;
  const lines = [
    ...findingLines(findings, style),
    head,
    `  ${error.cure}`,
    style.colors.dim(`  ${reference(error, exit)}`),
  ];
  if (session.options.debug && error.stack !== undefined) lines.push(style.colors.dim(error.stack));
  host.stderr.write(`${lines.join('\n')}\n`);
  if (host.env['GITHUB_ACTIONS'] === 'true')
    host.stderr.write(`::error::${error.message.replaceAll('\n', '%0A')}\n`);
  return exit;
}

function reference(error: SluiceError, exit: number): string {
  const request = error instanceof ApiError ? `, request ${error.requestId}` : '';
  return `code ${error.code}, exit ${exit}${request}`;
}

function errorDocument(error: SluiceError, exit: number): unknown {
  return {
    kind: 'Error',
    code: error.code,
    message: error.message,
    cure: error.cure,
    retry: error.retry,
    exit,
    ...(error instanceof ApiError ? { requestId: error.requestId, findings: error.findings } : {}),
  };
}
