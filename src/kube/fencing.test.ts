import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import type { WriteOptions } from './client.ts';
import { Fence, fenced } from './fencing.ts';
import type { KubeObject } from './object.ts';
import { ScriptedServer } from './testing/scripted-server.ts';
import { things } from './testing/things.ts';

describe('fence', () => {
  test('lets through until the margin before the deadline of the last renewal', async () => {
    const clock = new VirtualClock();
    const fence = new Fence(clock, { renewDeadlineMs: 10_000, marginMs: 2000 });
    expect(() => fence.check()).toThrow('not the leader');
    fence.renewed(7, clock.nowMs(), clock.wallMs());
    await clock.runFor(7999);
    expect([fence.check(), fence.remainingMs]).toEqual([7, 1]);
    await clock.runFor(1);
    expect(() => fence.check()).toThrow('not the leader');
    fence.renewed(7, clock.nowMs(), clock.wallMs());
    expect(fence.check()).toBe(7);
    fence.revoke();
    expect(fence.epoch).toBe(null);
  });

  test('a machine that slept is not the leader, though its monotonic clock stood; a wall clock set back gives no time', () => {
    let wallMs = 1_000_000;
    const clock = { nowMs: () => 5000, wallMs: () => wallMs, at: () => () => {} };
    const fence = new Fence(clock);
    fence.renewed(1, 5000, wallMs);
    wallMs += 8000;
    expect(fence.epoch).toBe(null);
    wallMs -= 3_600_000;
    expect(fence.remainingMs).toBe(8000);
  });

  test('stands in front of every write, and of no read', async () => {
    const clock = new VirtualClock();
    const server = new ScriptedServer(clock);
    const fence = new Fence(clock);
    const client = fenced(server, fence);
    const name = { name: 'a' };
    const object: KubeObject = { apiVersion: 'v1', kind: 'Thing', metadata: name };
    const options = { fieldManager: 'test' };
    const writes = [
      () => client.create(things, object, options),
      () => client.replace(things, { ...object, metadata: { ...name, resourceVersion: '101' } }, options),
      () => client.patch(things, name, { type: 'merge', body: {} }, options),
      () => client.apply(things, object, options),
      () => client.remove(things, name),
    ];
    for (const write of writes) await expect(write()).rejects.toMatchObject({ reason: 'NotLeader' });
    expect(server.calls).toEqual([]);
    fence.renewed(1, clock.nowMs(), clock.wallMs());
    for (const write of writes) await write();
    fence.revoke();
    await client.list(things);
    await client.get(things, name).catch(() => {});
    await client.raw('/version');
    for await (const event of client.watch(things, { sendInitialEvents: true })) {
      expect(event.type).toBe('BOOKMARK');
      break;
    }
    await client.close();
    expect(server.calls.map((call) => call.split(' ')[0])).toEqual([
      'create',
      'replace',
      'patch',
      'apply',
      'remove',
      'list',
      'get',
      'watch',
    ]);
  });
  test('a write that was let through may take no longer than the fence had left', async () => {
    const clock = new VirtualClock();
    const server = new ScriptedServer(clock);
    const fence = new Fence(clock);
    const client = fenced(server, fence);
    const limits: (number | undefined)[] = [];
    server.create = (_, object, options?: WriteOptions) => {
      limits.push(options?.timeoutMs);
      return Promise.resolve(object);
    };
    const object: KubeObject = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a' } };
    fence.renewed(1, clock.nowMs(), clock.wallMs());
    await clock.runFor(7000);
    await client.create(things, object, { fieldManager: 'test' });
    await client.create(things, object, { fieldManager: 'test', timeoutMs: 60_000 });
    await client.create(things, object, { fieldManager: 'test', timeoutMs: 500 });
    expect(limits).toEqual([3000, 3000, 500]);
  });
});
