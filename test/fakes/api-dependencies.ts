import type { ApiDependencies } from '../../src/server/dependencies.ts';
import type { NameView } from '../../src/resource/view.ts';
import { FakeCommands, FakeRecorder } from './fake-commands.ts';
import { recordNowMs } from './records.ts';

export interface FakeApi {
  readonly dependencies: ApiDependencies;
  readonly commands: FakeCommands;
  readonly recorder: FakeRecorder;
  readonly logged: string[];
  readonly stopped: boolean[];
  /** Files that `logs` answers with. */
  readonly logs: Awaited<ReturnType<ApiDependencies['logs']>>[number][];
}

export const fakeToken = 'a-token-that-only-tests-know';

/** Everything that `createApi` needs, of fakes. */
export function fakeApi(): FakeApi {
  const commands = new FakeCommands();
  const recorder = new FakeRecorder();
  const names = new Map<string, NameView>();
  const logged: string[] = [];
  const stopped: boolean[] = [];
  const logs: FakeApi['logs'] = [];
  const dependencies: ApiDependencies = {
    version: '1.2.3',
    pid: 4242,
    state: '/var/lib/sluice',
    startedAtMs: recordNowMs - 1_000,
    nowMs: () => recordNowMs,
    token: fakeToken,
    commands,
    recorder,
    lastSequence: () => recorder.recorded.at(-1)?.sequence ?? 0,
    logs: () => Promise.resolve(logs),
    names: {
      list: () => [...names.values()],
      register: (entry) => {
        names.set(entry.name, entry);
        return Promise.resolve();
      },
      remove: (name) => {
        names.delete(name);
        return Promise.resolve();
      },
    },
    notReady: () => [],
    stop: (all) => stopped.push(all),
    log: (level, message) => logged.push(`${level} ${message}`),
  };
  return { dependencies, commands, recorder, logged, stopped, logs };
}
