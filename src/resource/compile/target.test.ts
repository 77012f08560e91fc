import { describe, expect, test } from 'vitest';
import { compile } from '../compile.ts';
import { canary, codes, documentsOf, type Json, one, processOf } from '../fixtures/resources.ts';

describe('the target', () => {
  const steps = { steps: [{ weight: 10 }] };

  test('is one Process, and no other Canary has it', () => {
    expect(codes(canary(steps))).toEqual(['error target-missing']);
    expect(codes(canary(steps, { targetRef: { kind: 'DaemonSet', name: 'shop' } }), processOf())).toEqual([
      'error target-unsupported',
    ]);
    const second = { ...canary(steps), metadata: { name: 'other' } };
    expect(codes(canary(steps), second, processOf())).toEqual(['error target-shared']);
    expect(codes(canary(steps), canary(steps), processOf())).toContain('error duplicate-resource');
  });

  test('of a Canary that cannot be read is not rolled instead', () => {
    const { services } = compile(
      documentsOf(canary({ ...steps, interval: 'soon' }), processOf({ listen: { port: 1 } })),
    );
    expect(services).toEqual([]);
  });

  test('two services cannot listen on one port', () => {
    const alone = (name: string): Json => processOf({ listen: { port: 9000 } }, { name });
    expect(codes(alone('a'), alone('b'))).toContain('error port-shared');
  });

  test('a fixed port leaves room for one replica only', () => {
    expect(codes(canary(steps), processOf({ port: 3000 }))).toEqual(['error fixed-port-replicas']);
    const alone = { replicas: 1, port: 3000, strategy: { type: 'Recreate' } };
    expect(codes(processOf({ ...alone, listen: { port: 80 } }))).not.toContain('error fixed-port-replicas');
    expect(codes(processOf({ ...alone, listen: { port: 3000 } }))).toContain('error port-shared');
  });

  test('rolls with surge up and unavailable down', () => {
    const roll = (rollingUpdate: Json, replicas: number): unknown =>
      one(canary(steps), processOf({ replicas, strategy: { rollingUpdate } })).spec.plan.roll;
    expect(roll({ maxSurge: '25%', maxUnavailable: '25%' }, 5)).toMatchObject({
      maxSurge: 2,
      maxUnavailable: 1,
    });
    expect(roll({ maxSurge: 3, maxUnavailable: '0%' }, 1)).toMatchObject({ maxSurge: 3, maxUnavailable: 0 });
    const none = processOf({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '10%' } } });
    expect(codes(canary(steps), none)).toEqual(['error roll-impossible']);
    expect(codes(canary(steps), processOf({ strategy: { rollingUpdate: { maxUnavailable: 1 } } }))).toEqual([
      'warning roll-downtime',
    ]);
  });

  test('gets values of a ConfigMap that is applied with it', () => {
    const map = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings' },
      data: { mode: 'fast' },
    };
    const from = (key: string): Json =>
      processOf({ env: [{ name: 'MODE', valueFrom: { configMapKeyRef: { name: 'settings', key } } }] });
    const before = one(canary(steps), from('mode'), map);
    expect(before.target.template.env).toEqual({ MODE: 'fast' });
    const after = one(canary(steps), from('mode'), { ...map, data: { mode: 'slow' } });
    expect(after.target.revision).not.toBe(before.target.revision);
    expect(codes(canary(steps), from('other'), map)).toEqual(['error env-not-resolvable']);
  });

  test('scaling is not a release, a changed argument is', () => {
    const revision = (spec: Json): string => one(canary(steps), processOf(spec)).target.revision;
    expect(revision({ replicas: 9, minReadySeconds: 5, version: 'v2' })).toBe(revision({}));
    expect(revision({ args: ['--x'] })).not.toBe(revision({}));
    expect(revision({})).toMatchInlineSnapshot(`"6f07304bf1"`);
  });
});
