import { checkedInvariants, type Coverage } from './coverage.ts';
import { momentFaults, windowFaults } from './faults.ts';

const hourMs = 3_600_000;

/** What a run of the simulator did, so that what it never reached is seen. */
export function reportLines(coverage: Coverage, seconds: number): readonly string[] {
  const { rollouts, virtualMs, events } = coverage;
  const countOf = (map: ReadonlyMap<string, number>, name: string): string =>
    `${name}: ${map.get(name) ?? 'never'}`;
  return [
    'state × situation (how often; - never):',
    ...coverage.table().map((row) => `  ${row}`),
    `  never reached: ${coverage.unreached.length}`,
    'faults:',
    ...[...windowFaults, ...momentFaults].map((fault) => `  ${countOf(coverage.faults, fault)}`),
    'invariants checked:',
    `  ${checkedInvariants.map((name) => countOf(coverage.invariants, name)).join(', ')}`,
    'ends:',
    `  ${[...coverage.ends].map(([name, times]) => `${name}: ${times}`).join(', ')}`,
    `${rollouts} rollouts, ${events} events, ${(virtualMs / hourMs).toFixed(1)} virtual hours in ${seconds.toFixed(1)} s`,
    `${(rollouts / seconds).toFixed(0)} rollouts/s`,
  ];
}
