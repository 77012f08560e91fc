import type { DecideInput } from '../../src/rollout/decide.ts';
import { classify, situations } from '../../src/rollout/situations.ts';
import type { StateName } from '../../src/rollout/state.ts';

const states: readonly StateName[] = [
  'Pending',
  'Starting',
  'Stepping',
  'Holding',
  'AwaitingApproval',
  'Paused',
  'Promoting',
  'Baking',
  'Draining',
  'RollingBack',
  'Promoted',
  'RolledBack',
  'Aborted',
  'Failed',
  'Superseded',
];

/** Invariants that the checker holds against the fake world; N7 needs two leaders, which one machine's lock rules out. */
export const checkedInvariants = [
  'N1',
  'N2',
  'N3',
  'N4',
  'N5',
  'N6',
  'N8',
  'N9',
  'N10',
  'N11',
  'N12',
  'N13',
  'N14',
  'N15',
];

/** How often each thing was reached or checked, over all seeds of a run. */
export class Coverage {
  readonly cells = new Map<string, number>();
  readonly invariants = new Map<string, number>();
  readonly faults = new Map<string, number>();
  readonly ends = new Map<string, number>();
  rollouts = 0;
  virtualMs = 0;
  events = 0;

  decided(input: DecideInput): void {
    for (const situation of classify(input)) count(this.cells, `${input.state.name} ${situation}`);
  }

  checked(invariant: string): void {
    count(this.invariants, invariant);
  }

  fault(name: string): void {
    count(this.faults, name);
  }

  end(state: string): void {
    count(this.ends, state);
  }

  /** One row a state: each situation with how often it was met there; `-` never. */
  table(): readonly string[] {
    return states.map((state) => {
      const met = situations.map(
        (situation) => `${situation} ${this.cells.get(`${state} ${situation}`) ?? '-'}`,
      );
      return `${state}: ${met.join(', ')}`;
    });
  }

  /** Cells that no seed reached. */
  get unreached(): readonly string[] {
    return states.flatMap((state) =>
      situations.flatMap((situation) =>
        this.cells.has(`${state} ${situation}`) ? [] : [`${state} × ${situation}`],
      ),
    );
  }
}

function count(map: Map<string, number>, name: string): void {
  map.set(name, (map.get(name) ?? 0) + 1);
}
