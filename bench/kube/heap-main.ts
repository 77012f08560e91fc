import { FakeApiServer } from '../../test/fakes/apiserver/api-server.ts';
import { inProcessClient } from '../../test/fakes/apiserver/in-process-client.ts';
import { SeededRandom } from '../../test/fakes/seeded-random.ts';
import { settled, VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { linkedAbort } from '../../src/kube/linked-abort.ts';
import { answerCommands } from './child.ts';
import { Churner } from './churner.ts';
import { mirrorController } from './mirror-controller.ts';

const minuteMs = 60_000;

export interface HeapOptions {
  readonly warmUpHours: number;
  readonly hours: number;
}

export interface HeapSample {
  readonly atHours: number;
  readonly heapKb: number;
}

export interface HeapRun {
  readonly samples: readonly HeapSample[];
  /** Writes of those whose objects are mirrored. */
  readonly writes: number;
  readonly reconciles: number;
  readonly faults: number;
}

const commands = {
  /** A controller with everything that the runtime has, on a fake server, through hours of churn that pass in seconds. */
  run: async ({ warmUpHours, hours }: HeapOptions): Promise<HeapRun> => {
    const clock = new VirtualClock();
    const random = new SeededRandom(5);
    const api = new FakeApiServer({ clock, seed: 5, windowEvents: 100 });
    const end = linkedAbort();
    const controller = mirrorController(inProcessClient(api), clock, () => random.next());
    const running = controller.run(end.signal);
    const churner = new Churner(api, clock, () => random.next());
    churner.start();
    // Half a period after what comes round every ten minutes.
    await clock.runFor((warmUpHours * 60 + 5) * minuteMs);
    const samples: HeapSample[] = [];
    const startedMs = clock.nowMs();
    for (let minutes = 0; minutes <= hours * 60; minutes += 10) {
      await clock.runUntil(startedMs + minutes * minuteMs);
      samples.push({ atHours: minutes / 60, heapKb: await heapKb(api) });
    }
    const { writes, faults } = churner;
    const { reconciles } = controller;
    churner.stop();
    end.abort();
    await clock.runFor(minuteMs);
    const ended = await running;
    if (ended !== 'stopped') throw new Error(`the controller ended before its time: ${ended}`);
    return { samples, writes, reconciles, faults };
  },
};
export type HeapCommands = typeof commands;
answerCommands(commands);

/** Without the server's list of requests, which is full at another length each time. */
async function heapKb(api: FakeApiServer): Promise<number> {
  api.requests.length = 0;
  for (let round = 0; round < 3; round += 1) {
    await settled();
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed / 1024;
}
