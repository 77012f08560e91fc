import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { groupUsage, readProcessList, readStat, residentBytes } from './group-usage.ts';

test('the processes of a group together, a child behind a shell too', async () => {
  const work = `const kept = Buffer.alloc(60e6, 1); const end = Date.now() + 300;
    while (Date.now() < end); console.log(kept.length); setInterval(() => {}, 1e6)`;
  const child = spawn('sh', ['-c', '"$0" -e "$1"; true', process.execPath, work], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const pid = child.pid ?? 0;
  try {
    await once(child.stdout, 'data');
    const usage = (await groupUsage([pid, 2 ** 30])).get(pid);
    expect(usage?.memoryBytes).toBeGreaterThan(60e6);
    expect(usage?.memoryBytes).toBeLessThan(1e9);
    expect(usage?.cpuSeconds).toBeGreaterThan(0.1);
    expect(usage?.cpuSeconds).toBeLessThan(20);
  } finally {
    process.kill(-pid, 'SIGKILL');
    await once(child, 'exit');
  }
  const deadline = performance.now() + 5_000;
  while ((await groupUsage([pid])).size > 0 && performance.now() < deadline) await delay(20);
  expect((await groupUsage([pid])).size).toBe(0);
  expect((await groupUsage([])).size).toBe(0);
});

test('a program may be called anything', () => {
  const stat = '7 (a) b (c)) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 20 30 20 0 1 0 5000 1000 200';
  expect(readStat(stat)).toEqual({ group: 42, cpuSeconds: 2.5 });
  expect(residentBytes('Name:\tVmRSS: 5 kB\nVmRSS:\t    2048 kB\nThreads:\t1\n')).toBe(2_097_152);
  expect(residentBytes('Name:\tzombie\n')).toBe(0);
});

test('the list of macOS', () => {
  const text =
    '    1   1024   0:01.50\n  512  20480  1:02:03.25\n  512    100 1-00:00:01\nps: no such thing\n';
  expect(readProcessList(text)).toEqual([
    { group: 1, memoryBytes: 1_048_576, cpuSeconds: 1.5 },
    { group: 512, memoryBytes: 20_971_520, cpuSeconds: 3_723.25 },
    { group: 512, memoryBytes: 102_400, cpuSeconds: 86_401 },
  ]);
});
