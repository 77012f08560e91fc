/** How often each thing was reached or checked, over all seeds of a run. */
export class Coverage {
  readonly cells = new Map<string, number>();
  readonly invariants = new Map<string, number>();
  readonly faults = new Map<string, number>();
  rollouts = 0;
  virtualMs = 0;
  events = 0;
  readonly ends = new Map<string, number>();

  cell(state: string, situation: string): void {
    count(this.cells, `${state} × ${situation}`);
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
}

function count(map: Map<string, number>, name: string): void {
  map.set(name, (map.get(name) ?? 0) + 1);
}
