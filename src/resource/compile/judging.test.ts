import { describe, expect, test } from 'vitest';
import { compile } from '../compile.ts';
import { readDocuments } from '../document.ts';

interface Options {
  readonly analysis: string;
  readonly apiVersion?: string;
  readonly spec?: string;
}

/** The plan of a Canary with one error check; `analysis` is YAML in flow style, without the metrics. */
function compiled({ analysis, apiVersion = 'sluice.dev/v1alpha1', spec = '' }: Options) {
  const text = `
apiVersion: sluice.dev/v1alpha1
kind: Process
metadata: { name: shop }
spec: { command: [node, shop.mjs] }
---
apiVersion: ${apiVersion}
kind: Canary
metadata: { name: shop }
spec:
  targetRef: { kind: Process, name: shop }
  service: { port: 8080 }
  ${spec}
  analysis:
    metrics:
      - ${apiVersion.startsWith('flagger') ? 'name: request-success-rate\n        thresholdRange: { min: 99.9 }\n        interval: 1m' : 'name: error-rate\n        objective: 0.1 %'}
${analysis.replaceAll(/^/gm, '    ')}
`;
  const { services, findings } = compile(readDocuments('shop.yaml', text).documents);
  const plan = services[0]?.spec.plan;
  return {
    judging: plan?.judging,
    steps: plan?.steps,
    errors: findings.filter(({ severity }) => severity === 'error').map(({ code }) => code),
  };
}

const steps = 'steps: [{ weight: 10, duration: 5m }, { weight: 50, duration: 10m }]';

describe('which judge', () => {
  test('bet for our own Canaries, with the blocks of all holds planned', () => {
    const { judging } = compiled({ analysis: steps });
    expect(judging).toMatchObject({ judge: 'bet', bet: { plannedBlocks: 900 } });
    expect(judging).not.toHaveProperty('shadow');
  });

  test("Flagger's own judge for Flagger's, and bet in shadow", () => {
    const analysis = 'interval: 1m\nthreshold: 5\nstepWeights: [10, 25, 50]';
    const { judging } = compiled({ analysis, apiVersion: 'flagger.app/v1beta1' });
    expect(judging).toMatchObject({
      judge: 'threshold',
      failAt: 'nextTick',
      failureThreshold: 5,
      shadow: ['bet'],
    });
  });

  test('settings', () => {
    const analysis = `${steps}\nfalseRollback: 0.1 %\nmargin: 2\nlevel: 2500\nshadow: [threshold, threshold]`;
    expect(compiled({ analysis }).judging).toMatchObject({
      shadow: ['threshold'],
      bet: { falseRollback: 0.001, margin: 2, level: 2500, plannedBlocks: 900 },
    });
  });
});

describe('what is compared with stable', () => {
  test('a random share of the same requests is', () => {
    expect(compiled({ analysis: steps }).judging?.checks[0]).not.toHaveProperty('compare');
  });

  test('requests that were picked are not', () => {
    const analysis = 'steps: [{ duration: 5m }]\nmatch: [{ headers: { x-beta: { exact: "1" } } }]';
    const { judging, errors } = compiled({ analysis, spec: 'strategy: ABTest' });
    expect(errors).toEqual([]);
    expect(judging?.checks[0]).toMatchObject({ compare: false });
  });
});

describe('minEffect', () => {
  test('becomes the requests that show it with 90 %', () => {
    const { steps: planned } = compiled({ analysis: `${steps}\nminEffect: 1 %` });
    // 1,243 for one test alone; here α is shared with the comparison.
    expect(planned?.map(({ minRequests }) => minRequests)).toEqual([1313, 1313]);
  });

  test('is nothing to threshold, and nothing within the limit', () => {
    expect(compiled({ analysis: `${steps}\nminEffect: 1 %\njudge: threshold` }).steps?.[0]).toMatchObject({
      minRequests: 0,
    });
    expect(compiled({ analysis: `${steps}\nminEffect: 0.1 %` }).errors).toEqual(['min-effect-within-limit']);
  });
});
