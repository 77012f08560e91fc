import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/kube/clock.ts';
import { isAlive, isGroupAlive } from '../../../src/platform/local/process/identity.ts';
import { spawnProcess } from '../../../src/platform/local/process/spawn-process.ts';
import { eventually } from '../eventually.ts';
import { ContainerProcess } from './container-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-container-'));
const started: ContainerProcess[] = [];
afterAll(() => {
  for (const process of started) process.kill();
  rmSync(folder, { recursive: true });
});

let runs = 0;
async function start(
  script: string,
): Promise<{ readonly process: ContainerProcess; readonly attempt: number }> {
  runs += 1;
  const process = await ContainerProcess.start({
    argv: ['sh', '-c', script],
    env: { PATH: globalThis.process.env['PATH'] ?? '', WORD: 'heard' },
    cwd: folder,
    folder,
    attempt: runs,
  });
  started.push(process);
  return { process, attempt: runs };
}

const logOf = (attempt: number): string => readFileSync(join(folder, `${attempt}.log`), 'utf8');

describe('the process of a container', () => {
  test('ends with the exit code of its program, and leaves what it said', async () => {
    const { process, attempt } = await start('echo $WORD; pwd; echo wrong >&2; exit 3');
    expect(await process.exited).toBe(3);
    expect(logOf(attempt)).toBe(`heard\n${folder}\nwrong\n`);
  });

  test.each([
    ['trap "exit 7" TERM; echo up; while :; do sleep 0.05; done', 7],
    ['echo up; exec sleep 60', 143],
    ['trap "" TERM; echo up; sleep 0.3; exit 5', 5],
  ])('is told to end, and ends as its program does: %s', async (script, exitCode) => {
    const { process, attempt } = await start(script);
    await eventually(() => (logOf(attempt) === 'up\n' ? true : null), 5000);
    process.terminate();
    expect(await process.exited).toBe(exitCode);
  });

  test('is killed with all that it started', async () => {
    const { process, attempt } = await start('trap "" TERM; sleep 60 & sleep 60 & echo up; wait');
    await eventually(() => (logOf(attempt) === 'up\n' ? true : null), 5000);
    process.kill();
    expect(await process.exited).toBe(137);
    await eventually(() => (isGroupAlive(process.identity) ? null : true), 5000);
  });

  test('that ends leaves nothing of what it started', async () => {
    const { process } = await start('sleep 60 & exit 2');
    expect(await process.exited).toBe(2);
    await eventually(() => (isGroupAlive(process.identity) ? null : true), 5000);
  });

  test('may be over before anybody looks', async () => {
    const command = { argv: ['sh', '-c', 'exit 6'], env: {}, cwd: folder, folder, attempt: 98 };
    const process = await ContainerProcess.start(command, async (wanted) => {
      const spawned = await spawnProcess(wanted);
      return spawned.kind === 'started' ? { ...spawned, identity: null } : spawned;
    });
    process.terminate();
    expect(await process.exited).toBe(6);
    expect(isAlive(process.identity)).toBe(false);
  });

  test('is killed with its first breath', async () => {
    const { process } = await start('sleep 60');
    process.kill();
    expect(await process.exited).toBe(137);
    await eventually(() => (isGroupAlive(process.identity) ? null : true), 5000);
  });

  test('of a program that does not exist ends with 127', async () => {
    const process = await ContainerProcess.start({
      argv: ['no-such-program'],
      env: {},
      cwd: folder,
      folder,
      attempt: 0,
    });
    expect(await process.exited).toBe(127);
  });

  test('is taken over while it runs, and after it has ended', async () => {
    const go = join(folder, 'go');
    const { process, attempt } = await start(`echo up; until test -e ${go}; do sleep 0.02; done; exit 9`);
    await eventually(() => (logOf(attempt) === 'up\n' ? true : null), 5000);
    const clock = systemClock();
    const adopted = ContainerProcess.adopt({ folder, attempt }, process.identity, clock);
    expect(isAlive(adopted.identity)).toBe(true);
    const toucher = await start(`touch ${go}`);
    await toucher.process.exited;
    expect(existsSync(go)).toBe(true);
    expect(await adopted.exited).toBe(9);
    const late = ContainerProcess.adopt({ folder, attempt }, process.identity, clock);
    expect(await late.exited).toBe(9);
    const unknown = ContainerProcess.adopt({ folder, attempt: 99 }, process.identity, clock);
    expect(await unknown.exited).toBe(137);
  });
});
