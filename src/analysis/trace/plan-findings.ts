import type { CheckPlan, JudgePlan } from '../judge.ts';
import type { Trace } from './trace.ts';
import type { TraceFinding } from './trace-reader.ts';

/** What a trace lacks that the plan asks for, and limits that say little. */
export function planFindings(trace: Trace, plan: JudgePlan): readonly TraceFinding[] {
  return [...plan.checks.flatMap(limitFindings), ...latencyFindings(trace, plan)];
}

function limitFindings({ name, measure, limit }: CheckPlan): readonly TraceFinding[] {
  if (measure.kind !== 'errorShare' && measure.kind !== 'successShare') return [];
  const most =
    measure.kind === 'errorShare' ? limit.max : limit.min === undefined ? undefined : 100 - limit.min;
  if (most === undefined || (most > 0 && most < 100)) return [];
  const [severity, message] =
    most <= 0
      ? ([
          'warning',
          'the limit is 0 %, so a single error breaks it, and no number of requests proves it kept',
        ] as const)
      : (['error', 'the limit is 100 %, which no release can break'] as const);
  return [{ line: null, severity, message: `${name}: ${message}` }];
}

function latencyFindings({ blocks }: Trace, { checks }: JudgePlan): readonly TraceFinding[] {
  const latencies = checks.filter(({ measure }) => measure.kind === 'latencyQuantile');
  if (latencies.length === 0) return [];
  const served = blocks.filter(({ canary }) => (canary?.requests ?? 0) > 0);
  const measured = served.flatMap(({ canary }) => canary?.latency ?? []);
  const findings: TraceFinding[] = [];
  if (measured.length > 0 && measured.length < served.length) {
    const message = `${served.length - measured.length} of ${served.length} blocks of the canary have no latency`;
    findings.push({ line: null, severity: 'error', message });
  }
  const bounds = measured[0]?.bounds;
  if (bounds === undefined) return findings;
  for (const { name, limit } of latencies)
    for (const seconds of [limit.min, limit.max])
      if (seconds !== undefined && !bounds.includes(seconds))
        findings.push({ line: null, severity: 'warning', message: `${name}: ${between(bounds, seconds)}` });
  return findings;
}

function between(bounds: readonly number[], seconds: number): string {
  const below = bounds.findLast((bound) => bound < seconds);
  const above = bounds.find((bound) => bound > seconds);
  const [lower, upper] = [
    below === undefined ? 'none below' : `${below} s`,
    above === undefined ? 'none above' : `${above} s`,
  ];
  return `${seconds} s is no bound of the histogram (next to it: ${lower}, ${upper}), so requests near it cannot be told apart`;
}
