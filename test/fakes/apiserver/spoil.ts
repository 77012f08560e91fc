import type { Fault } from './faults.ts';
import { ConnectionLost } from './request.ts';

/** Lines of a watch as a fault lets them through. */
export async function* spoiled(lines: AsyncIterable<string>, fault: Fault): AsyncGenerator<string> {
  if (fault.kind !== 'stall' && fault.kind !== 'cut' && fault.kind !== 'break' && fault.kind !== 'garble') {
    yield* lines;
    return;
  }
  let passed = 0;
  if (passed >= fault.afterLines && fault.kind === 'break') throw new ConnectionLost();
  for await (const line of lines) {
    if (passed >= fault.afterLines) {
      // Stays open and says nothing, until whoever reads goes away.
      if (fault.kind === 'stall') continue;
      if (fault.kind === 'cut') {
        yield line.slice(0, Math.floor(line.length / 2));
        return;
      }
      if (fault.kind === 'garble') {
        yield fault.line;
        passed = -Infinity;
        continue;
      }
    }
    yield line;
    passed += 1;
    if (fault.kind === 'break' && passed >= fault.afterLines) throw new ConnectionLost();
  }
}
