import { describe, expect, test } from 'vitest';
import { canary, codes, flaggerSteps, one, processOf, stepsText } from '../fixtures/resources.ts';

describe('plans', () => {
  test("Flagger's sequences", () => {
    expect(flaggerSteps({ stepWeight: 20, maxWeight: 50 })).toEqual([
      'weight 20 for 60 s and 1',
      'weight 40 for 60 s and 1',
      'weight 60 for 60 s and 1',
    ]);
    expect(flaggerSteps({ stepWeight: 40 })).toEqual([
      'weight 40 for 60 s and 1',
      'weight 80 for 60 s and 1',
      'weight 100 for 60 s and 1',
    ]);
    expect(flaggerSteps({ stepWeights: [1, 50], mirror: true, mirrorWeight: 30 })).toEqual([
      'mirror 30 for 60 s and 1',
      'weight 1 for 60 s and 1',
      'weight 50 for 60 s and 1',
    ]);
    expect(flaggerSteps({ iterations: 5 })).toEqual(['none for 300 s and 5']);
    expect(flaggerSteps({ iterations: 5, mirror: true })).toEqual(['mirror 100 for 300 s and 5']);
    expect(flaggerSteps({ iterations: 5, match: [{ headers: { x: { exact: '1' } } }] })).toEqual([
      'match for 300 s and 5',
    ]);
  });

  test("Flagger's judging, and its floor", () => {
    const { plan } = one(
      canary({ stepWeight: 50, interval: '2s', threshold: 0 }, {}, 'flagger.app/v1beta1'),
      processOf(),
    ).spec;
    expect(plan.judging).toMatchObject({
      intervalMs: 10_000,
      failureThreshold: 1,
      failAt: 'nextTick',
      onNoData: 'fail',
    });
    expect(plan.steps.map(({ holdMs }) => holdMs)).toEqual([10_000, 10_000]);
    expect([plan.promotion, plan.canarySize, plan.bakeMs]).toEqual(['rolling', 'full', 0]);
  });

  test('ours', () => {
    const steps = [
      { weight: 10, duration: '5m' },
      { weight: 25, duration: '10m', minRequests: 100, approval: true },
      { weight: 50 },
    ];
    const { plan } = one(
      canary({
        steps,
        maxStepDuration: '1h',
        onInconclusive: 'rollback',
        onNoData: 'rollback',
        interval: '5s',
      }),
      processOf(),
    ).spec;
    expect(plan.steps).toMatchInlineSnapshot(`
      [
        {
          "approval": false,
          "holdMs": 300000,
          "maxMs": 3600000,
          "minPasses": 1,
          "minRequests": 0,
          "routing": {
            "kind": "weight",
            "weightPercent": 10,
          },
        },
        {
          "approval": true,
          "holdMs": 600000,
          "maxMs": 3600000,
          "minPasses": 1,
          "minRequests": 100,
          "routing": {
            "kind": "weight",
            "weightPercent": 25,
          },
        },
        {
          "approval": false,
          "holdMs": 5000,
          "maxMs": 3600000,
          "minPasses": 1,
          "minRequests": 0,
          "routing": {
            "kind": "weight",
            "weightPercent": 50,
          },
        },
      ]
    `);
    expect(plan.judging).toMatchObject({
      intervalMs: 5_000,
      failureThreshold: 2,
      failAt: 'atOnce',
      onNoData: 'rollback',
    });
    expect([plan.strategy, plan.promotion, plan.canarySize, plan.onInconclusive]).toEqual([
      'Canary',
      'bake',
      'share',
      'rollback',
    ]);
  });

  test('a group by header for a while, without iterations', () => {
    const match = [
      { headers: { 'X-Group': { exact: 'b' } }, cookies: { beta: { present: true } } },
      { queryParams: { v: { regex: 'a|b' } } },
    ];
    const { spec } = one(canary({ steps: [{ duration: '10m' }], match }), processOf());
    expect([spec.plan.strategy, stepsText(spec.plan)]).toEqual(['ABTest', ['match for 600 s and 1']]);
    expect(spec.front.match).toEqual([
      [
        { source: 'header', name: 'x-group', kind: 'exact', value: 'b' },
        { source: 'cookie', name: 'beta', kind: 'present', value: '' },
      ],
      [{ source: 'query', name: 'v', kind: 'regex', value: '^(?:a|b)$' }],
    ]);
  });

  test('a Process alone rolls, or is recreated', () => {
    const listen = { listen: { port: 9000, address: '0.0.0.0' } };
    const { spec } = one(processOf(listen));
    expect([spec.plan.strategy, spec.plan.steps, spec.front.host, spec.front.port]).toEqual([
      'Rolling',
      [],
      '0.0.0.0',
      9000,
    ]);
    expect(codes(processOf(listen))).toEqual(['info process-without-canary']);
    expect(one(processOf({ ...listen, strategy: { type: 'Recreate' } })).spec.plan).toMatchObject({
      strategy: 'Recreate',
      roll: { kind: 'recreate' },
    });
    expect(codes(processOf())).toEqual(['info process-without-canary', 'error port-missing']);
  });
});
