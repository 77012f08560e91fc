import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { exampleCanary, exampleEvent } from '../../test/fakes/examples.ts';
import { exportEvents, verifyChain } from './audit.ts';
import { TestState } from './testing/test-state.ts';

const row = {
  rollout: 'r',
  check: 'c',
  arm: 'canary',
  atMs: 1,
  durationMs: 1,
  requests: 1,
  errors: 0,
  latency: null,
  value: null,
} as const;

test('a second engine on the same state directory is refused, and told which process has it', async () => {
  await using state = new TestState();
  const first = await state.open();
  await expect(state.open()).rejects.toMatchObject({
    code: 'state-locked',
    message: `another engine (process ${process.pid}) runs on the state directory ${state.directory}`,
  });
  await first.store.write({ canaries: [exampleCanary()] });
  await first.close();
  expect((await (await state.open()).store.load()).canaries).toHaveLength(1);
});

test('the state is for its owner alone', async () => {
  await using state = new TestState();
  const directory = join(state.directory, 'deep', 'state');
  await state.open({ directory });
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, 'state.db')).mode & 0o777).toBe(0o600);
});

test('a file of a newer version is left alone', async () => {
  await using state = new TestState();
  await (await state.open()).close();
  const database = new DatabaseSync(join(state.directory, 'state.db'));
  database.exec('pragma user_version = 99');
  database.close();
  await expect(state.open()).rejects.toMatchObject({ code: 'state-newer' });
});

test('a file that is none of ours, and a directory that cannot be, say so', async () => {
  await using state = new TestState();
  writeFileSync(
    join(state.directory, 'state.db'),
    'not a database, but long enough to be looked at as one'.repeat(20),
  );
  await expect(state.open()).rejects.toMatchObject({ code: 'state-damaged' });
  writeFileSync(join(state.directory, 'file'), '');
  await expect(state.open({ directory: join(state.directory, 'file', 'state') })).rejects.toMatchObject({
    code: 'state-unwritable',
  });
  await expect(state.open({ directory: '/proc/sluice' })).rejects.toMatchObject({ code: 'state-unwritable' });
});

test('a full disk refuses writes whole, reads go on, and once there is room all is written', async () => {
  await using state = new TestState();
  const { store, recorder, faults } = await state.open();
  await store.write({ canaries: [exampleCanary()] });
  await faults.limitPages(1);
  const large = {
    canaries: [exampleCanary({ version: 2, source: ['x'.repeat(200_000)] })],
    events: [exampleEvent({ id: 'never' })],
  };
  await expect(store.write(large)).rejects.toMatchObject({ code: 'state-unwritable' });
  recorder.measure(Array.from({ length: 2_000 }, () => row));
  expect(await recorder.measurements('r')).not.toHaveLength(2_000);
  expect(state.log).toEqual([expect.stringMatching(/^warn measurements wait to be written: .*full/)]);
  expect((await store.load()).canaries).toEqual([exampleCanary()]);
  expect(await recorder.events({})).toEqual([]);
  await faults.limitPages(null);
  await store.write(large);
  expect(await recorder.events({})).toHaveLength(1);
  expect(await recorder.measurements('r')).toHaveLength(2_000);
  expect(state.log[1]).toBe('info measurements are written again');
});

test("a stalled disk does not hold the engine's loop", async () => {
  await using state = new TestState();
  const { store, faults } = await state.open();
  const stalled = faults.stall(400);
  const progress = { written: false };
  const write = store.write({ canaries: [exampleCanary()] }).then(() => {
    progress.written = true;
  });
  let longestMs = 0;
  let lastMs = performance.now();
  do {
    await sleep(1);
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    lastMs = performance.now();
  } while (!progress.written);
  await Promise.all([stalled, write]);
  expect(longestMs).toBeLessThan(200);
});

test('faults have to be allowed', async () => {
  await using state = new TestState();
  const { faults } = await state.open({ faults: false });
  await expect(faults.stall(1)).rejects.toMatchObject({ code: 'internal' });
});

test('a worker that cannot start says why', async () => {
  await using state = new TestState();
  const workerUrl = new URL('./no-such-file.ts', import.meta.url);
  await expect(state.open({ workerUrl })).rejects.toMatchObject({
    code: 'state-unwritable',
    message: expect.stringContaining('no-such-file'),
  });
});

test('killed in the middle of writing, the state is whole, the chain verifies, and nothing answered is lost', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-kill-'));
  const child = fileURLToPath(new URL('../../test/fakes/record-writer-process.ts', import.meta.url));
  try {
    let answered = 0;
    for (let round = 0; round < 3; round += 1) {
      const writer = spawn(process.execPath, [child, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = new Promise((resolve) => writer.once('exit', resolve));
      let text = '';
      for await (const chunk of writer.stdout) {
        text += String(chunk);
        if (text.split('\n').length > 30 + 7 * round) break;
      }
      writer.kill('SIGKILL');
      await exited;
      answered = Number(text.split('\n').findLast((line) => /^\d+$/.test(line)) ?? 0);
      await using state = new TestState();
      const { store, recorder } = await state.open({ directory });
      const { canaries } = await store.load();
      const version = canaries[0]?.version ?? 0;
      const events = await recorder.events({});
      expect(version).toBeGreaterThanOrEqual(answered);
      expect(events).toHaveLength(2 * version);
      expect(await verifyChain(exportEvents(recorder))).toMatchObject({ kind: 'ok', events: 2 * version });
    }
    expect(answered).toBeGreaterThan(60);
    expect(existsSync(join(directory, 'state.owner'))).toBe(true);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
