import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { keeperPaths } from '../../src/platform/local/keeper/paths.ts';
import { bootId } from '../../src/platform/local/process/identity.ts';
import type { EventListDocument } from '../../src/resource/view.ts';
import { manifest } from './manifest.ts';
import { isRunning, kill, Rig, until } from './rig.ts';

/** Up, with v1 promoted. */
async function serving(rig: Rig, steps: readonly string[]): Promise<void> {
  await rig.up(rig.write('shop.yaml', manifest({ port: rig.port, steps })));
  await rig.ok('wait', 'shop', '--timeout', '30s');
}

/** Kills the engine without a word; how long none was there. */
async function engineReplaced(rig: Rig): Promise<number> {
  const killedMs = performance.now();
  const pid = rig.enginePid;
  kill(pid);
  await until('the end of the engine', () => !isRunning(pid));
  await rig.up();
  expect(rig.enginePid).not.toBe(pid);
  return performance.now() - killedMs;
}

/** Wall time between the first proof of one weight and the asking for the next, by the record. */
async function stepLengths(rig: Rig): Promise<readonly number[]> {
  const { events } = JSON.parse(
    await rig.ok('history', 'shop', '--events', '--limit', '1000', '-o', 'json'),
  ) as EventListDocument;
  const transitions = events.filter(({ kind }) => kind === 'transition');
  const atOf = (from: string, to: string): readonly number[] =>
    transitions.filter(({ message }) => message.startsWith(`${from} → ${to}`)).map(({ atMs }) => atMs);
  const starts = atOf('Stepping', 'Holding');
  const ends = [...atOf('Holding', 'Stepping'), ...atOf('Holding', 'Promoting')];
  return starts.map((start, index) => (ends[index] ?? Number.NaN) - start);
}

describe.concurrent('what is killed', () => {
  test('an engine in the midst of a step: no request is lost, and its step is as long as it was to be', async () => {
    await using rig = await Rig.create();
    await serving(rig, ['{ weight: 10, duration: 4s }', '{ weight: 50, duration: 2s }']);
    const load = rig.load(150);
    const keeper = rig.keeperPid;
    const revision = await rig.ok('deploy', 'shop', '--set', 'env.VERSION=v2');
    await rig.ok('wait', 'shop', '--revision', revision, '--for', 'weight=10', '--timeout', '30s');
    const [first = 0, ...others] = [await engineReplaced(rig)];
    expect(others).toEqual([]);
    const rollout = await rig.ended('shop', revision);
    const lengths = await stepLengths(rig);
    const report = await load.stop();
    console.log(lengths, first, rollout.weightsInForce);
    expect(rollout.outcome).toBe('Promoted');
    expect(report).toMatchObject({ failed: 0, byStatus: { 200: report.requests } });
    expect(rig.keeperPid).toBe(keeper);
  });
});
