import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identify, isAlive, type ProcessIdentity } from '../../src/platform/local/process/identity.ts';
import { eventually } from './eventually.ts';

/** Holds a process, a group whose leader has a child, and one that it lets go of; prints the pids of all four. */
const holder = `
  import { spawn } from 'node:child_process';
  import { Leash } from ${JSON.stringify(join(import.meta.dirname, 'leash.ts'))};
  const start = (...args) => spawn(args[0], args.slice(1), { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const one = start('sleep', '60');
  const free = start('sleep', '60');
  const group = start('sh', '-c', 'sleep 60 & echo $!; wait');
  const leash = new Leash();
  leash.hold([one.pid, free.pid, null]);
  leash.hold([one.pid, -group.pid]);
  group.stdout.once('data', (child) => console.log([one.pid, group.pid, Number(child), free.pid].join(' ')));
`;

test('what is held ends with its holder, by whatever end, and nothing else does', async () => {
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const held = String(line)
      .trim()
      .split(' ')
      .map((pid) => identify(Number(pid)));
    expect(held.map(alive)).toEqual([true, true, true, true]);
    child.kill(signal);
    await eventually(() => (held.slice(0, 3).some(alive) ? null : true), 5000);
    expect(held.map(alive)).toEqual([false, false, false, true]);
    process.kill(held[3]?.pid ?? 0);
  }
});

function alive(identity: ProcessIdentity | null): boolean {
  return identity !== null && isAlive(identity);
}
