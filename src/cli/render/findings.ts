import type { FindingView } from '../../resource/view.ts';
import type { Style } from '../terminal/style.ts';

/** Findings as text: place, severity, code, what; then why and the edit that cures it. */
export function findingLines(findings: readonly FindingView[], style: Style): readonly string[] {
  return findings.flatMap((finding) => {
    const paint = { error: style.colors.red, warning: style.colors.yellow, info: style.colors.cyan }[
      finding.severity
    ];
    const place = `${finding.file}:${finding.line}:${finding.column}`;
    return [
      `${style.colors.bold(place)} ${paint(finding.severity)} ${finding.code}: ${finding.message}`,
      ...indented('why', finding.why),
      ...indented('fix', finding.fix),
    ];
  });
}

/** `2 errors, 1 warning`; `nothing found`. */
export function findingSummary(findings: readonly FindingView[]): string {
  const parts = (['error', 'warning', 'info'] as const).flatMap((severity) => {
    const found = findings.filter((finding) => finding.severity === severity).length;
    if (found === 0) return [];
    return [`${found} ${severity}${found === 1 || severity === 'info' ? '' : 's'}`];
  });
  return parts.length === 0 ? 'nothing found' : parts.join(', ');
}

function indented(word: string, text: string): readonly string[] {
  if (text === '') return [];
  return text.split('\n').map((line, index) => `  ${index === 0 ? `${word}: ` : '     '}${line}`);
}
