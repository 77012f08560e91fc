import { expect, test } from 'vitest';
import { readDocuments } from '../document.ts';
import { checkDocuments } from './check-documents.ts';

type Json = { readonly [key: string]: unknown };

function canary(apiVersion: string, spec: Json, analysis: Json | null): string {
  const full = {
    apiVersion,
    kind: 'Canary',
    metadata: { name: 'shop' },
    spec: {
      targetRef: { kind: 'Deployment', name: 'shop' },
      service: { port: 80 },
      ...spec,
      ...(analysis !== null && { analysis }),
    },
  };
  return JSON.stringify(full);
}

function codes(text: string): readonly string[] {
  const { documents, findings } = readDocuments('x.yaml', text);
  return [...findings, ...checkDocuments(documents).findings].map(
    ({ severity, code }) => `${severity} ${code}`,
  );
}

const metric = { name: 'request-success-rate', interval: '1m', thresholdRange: { min: 99 } };
const flagger = { interval: '1m', threshold: 5, stepWeight: 10, metrics: [metric] };
const sluice = { steps: [{ weight: 10, duration: '5m' }], metrics: [metric] };

function ofFlagger(analysis: Json, spec: Json = {}): readonly string[] {
  return codes(canary('flagger.app/v1beta1', spec, { ...flagger, ...analysis }));
}

function ofSluice(analysis: Json, spec: Json = {}): readonly string[] {
  return codes(canary('sluice.dev/v1alpha1', spec, { ...sluice, ...analysis }));
}

function withoutSteps(analysis: Json): Json {
  return { stepWeight: undefined, ...analysis };
}

test('a good Canary of either kind has nothing to be said of', () => {
  expect(ofFlagger({})).toEqual([]);
  expect(ofSluice({})).toEqual([]);
});

test.each([
  ['stepWeight 0', { stepWeight: 0 }, ['error step-weight-zero']],
  ['maxWeight 0', { maxWeight: 0 }, ['error step-weight-zero']],
  ['iterations 0', withoutSteps({ iterations: 0 }), ['error step-weight-zero']],
  ['a weight above 100', { stepWeight: 101 }, ['error weight-range']],
  ['a negative weight', withoutSteps({ stepWeights: [-1, 5] }), ['error weight-range']],
  ['a weight with a sign', { stepWeight: '10%' }, ['error wrong-type']],
  ['half a percent', { stepWeight: 2.5, maxWeight: 10 }, ['error weight-range']],
  ['an overshoot', { stepWeight: 20, maxWeight: 50 }, ['warning weight-overshoot']],
  ['a repeated weight', withoutSteps({ stepWeights: [10, 10, 20] }), ['error step-weights-not-rising']],
  ['a falling weight', withoutSteps({ stepWeights: [10, 5] }), ['error step-weights-not-rising']],
  ['no weights', withoutSteps({ stepWeights: [] }), ['error steps-missing']],
  [
    'an ignored ceiling',
    withoutSteps({ stepWeights: [10, 20], maxWeight: 50 }),
    ['warning max-weight-ignored'],
  ],
  ['two plans', { iterations: 3 }, ['error steps-conflict']],
  ['no plan', withoutSteps({}), ['error steps-missing']],
  ['weights inside a group', { match: [{ headers: { x: { exact: '1' } } }] }, ['error strategy-conflict']],
  ['steps of ours', withoutSteps({ steps: [{ weight: 10 }] }), ['error sluice-only-field']],
  ['a setting of ours', { onNoData: 'wait' }, ['error sluice-only-field']],
  ['an objective of ours', { metrics: [{ name: 'x', objective: '1 %' }] }, ['error sluice-only-field']],
  ['a broken interval', { interval: 'soon' }, ['error invalid-duration']],
  ['an unanchored interval', { interval: '10sx' }, ['error invalid-duration']],
  ['an interval without unit', { interval: 60 }, ['error wrong-type']],
  ['hours', { interval: '1h' }, ['warning interval-not-flagger']],
  ['milliseconds', { interval: '500ms' }, ['warning interval-not-flagger', 'warning interval-raised']],
  ['a short interval', { interval: '5s' }, ['warning interval-raised']],
  ['no interval', { interval: undefined }, ['warning missing-field']],
  ['no threshold', { threshold: undefined }, ['warning threshold-defaulted']],
  ['a threshold of 0', { threshold: 0 }, ['warning threshold-defaulted']],
  ['no metrics', { metrics: [] }, ['warning no-checks']],
  ['a mirror of nothing', { mirror: true, mirrorWeight: 0 }, ['error mirror-weight']],
])('flagger: %s', (_, analysis, expected) => {
  expect(ofFlagger(analysis)).toEqual(expected);
});

test.each([
  ['a name without query', { name: 'orders' }, ['error metric-without-query']],
  ['memory, which Flagger does not measure', { name: 'memory' }, ['error metric-without-query']],
  ['error-rate', { name: 'error-rate' }, ['warning metric-error-rate']],
  [
    'a template without interval',
    { name: 'x', interval: undefined, templateRef: { name: 'y' } },
    ['warning metric-no-interval'],
  ],
  [
    'query and template',
    { name: 'x', query: 'up', templateRef: { name: 'y' } },
    ['warning metric-two-queries'],
  ],
  ['no range', { thresholdRange: undefined }, ['warning metric-threshold-omitted']],
  ['an old threshold', { thresholdRange: undefined, threshold: 99 }, ['warning metric-threshold-deprecated']],
  ['an empty range', { thresholdRange: {} }, ['warning metric-unbounded']],
  ['a range of nothing', { thresholdRange: { min: 2, max: 1 } }, ['error metric-limit-empty']],
  ['more than all', { thresholdRange: { min: 101 } }, ['warning metric-limit-range']],
  ['a bound as text', { thresholdRange: { min: '99' } }, ['error wrong-type']],
])('metric: %s', (_, change, expected) => {
  expect(ofFlagger({ metrics: [{ ...metric, ...change }] })).toEqual(expected);
});

test('two metrics or hooks of one name are told', () => {
  expect(ofFlagger({ metrics: [metric, metric] })).toEqual(['warning metric-duplicate']);
  const hook = { name: 'a', url: 'http://x/' };
  expect(ofFlagger({ webhooks: [hook, hook] })).toEqual(['warning hook-duplicate']);
});

test.each([
  ['no address', { name: 'a', url: 'loadtester' }, ['error hook-url']],
  ['another scheme', { name: 'a', url: 'file:///etc/passwd' }, ['error hook-url']],
  ['too slow', { name: 'a', url: 'http://x/', timeout: '2m' }, ['warning hook-timeout-long']],
  ['slow but once', { name: 'a', url: 'http://x/', timeout: '2m', type: 'pre-rollout' }, []],
  ['a wrong type', { name: 'a', url: 'http://x/', type: 'load-test' }, ['error invalid-value']],
  ['a value that is no text', { name: 'a', url: 'http://x/', metadata: { a: true } }, ['error wrong-type']],
])('hook: %s', (_, hook, expected) => {
  expect(ofFlagger({ webhooks: [hook] })).toEqual(expected);
});

test.each([
  [
    'an empty severity',
    { alerts: [{ name: 'a', severity: '', providerRef: { name: 'p' } }] },
    {},
    ['warning alert-severity-empty'],
  ],
  [
    'no severity',
    { alerts: [{ name: 'a', providerRef: { name: 'p' } }] },
    {},
    ['warning alert-severity-empty'],
  ],
  [
    'equal cookies',
    { sessionAffinity: { cookieName: 'c', primaryCookieName: 'c' } },
    {},
    ['error cookie-names-equal'],
  ],
  ['a broken cookie', { sessionAffinity: { cookieName: 'a b' } }, {}, ['error invalid-name']],
  ['rollbackOnFailure', {}, { rollbackOnFailure: true }, ['warning rollback-on-failure']],
  ['no rollbackOnFailure', {}, { rollbackOnFailure: false }, ['error rollback-cannot-be-off']],
  ['skipAnalysis', {}, { skipAnalysis: true }, ['warning skip-analysis']],
  ['skipAnalysis in the wrong place', { skipAnalysis: true }, {}, ['error unknown-field']],
  ['no port', {}, { service: {} }, ['error port-missing']],
  ['port 0', {}, { service: { port: 0 } }, ['error invalid-value']],
  ['a name of nothing', {}, { targetRef: { kind: 'Deployment', name: 'Shop_1' } }, ['error invalid-name']],
  ['a StatefulSet', {}, { targetRef: { kind: 'StatefulSet', name: 'shop' } }, ['error invalid-value']],
])('spec: %s', (_, analysis, spec, expected) => {
  expect(ofFlagger(analysis, spec)).toEqual(expected);
});

test.each([
  ['a step without weight', { steps: [{ duration: '5m' }] }, {}, ['error missing-field']],
  ['weights that fall', { steps: [{ weight: 25 }, { weight: 10 }] }, {}, ['error step-weights-not-rising']],
  ['a weight of 0', { steps: [{ weight: 0 }] }, {}, ['error step-weights-not-rising']],
  ['no steps at all', { steps: [] }, {}, ['error steps-missing']],
  ['steps of a Rolling', {}, { strategy: 'Rolling' }, ['error strategy-conflict']],
  [
    'weights of an A/B',
    { match: [{ headers: { x: { exact: '1' } } }] },
    { strategy: 'ABTest' },
    ['error strategy-conflict'],
  ],
  ['an A/B of nobody', { steps: [{ duration: '5m' }] }, { strategy: 'ABTest' }, ['error match-missing']],
  [
    'a condition too many',
    { match: [{ headers: { x: { exact: '1', prefix: '2' } } }], steps: [{ duration: '5m' }] },
    {},
    ['error invalid-value'],
  ],
  [
    'a broken pattern',
    { match: [{ headers: { x: { regex: '(' } } }], steps: [{ duration: '5m' }] },
    {},
    ['error invalid-value'],
  ],
  ['match beside weights', { match: [{ headers: { x: { exact: '1' } } }] }, {}, ['error strategy-conflict']],
  ['another judge', { judge: 'likelihood', shadow: ['kayenta', 'argo'] }, {}, []],
  ['no judge of that name', { judge: 'flagger' }, {}, ['error invalid-value']],
  ['settings that bet reads', { margin: 2, falseRollback: '0.1 %', minEffect: '1 %', level: 400 }, {}, []],
  [
    'settings that threshold does not',
    { judge: 'threshold', margin: 2 },
    {},
    ['warning judge-setting-unused'],
  ],
  ['settings for the shadow', { judge: 'threshold', shadow: ['bet'], margin: 2 }, {}, []],
  ['a margin below 1', { margin: '0.5' }, {}, ['error invalid-value']],
  ['no false rollback at all', { falseRollback: '0 %' }, {}, ['error invalid-value']],
  ['a threshold that counts nothing', { threshold: 2 }, {}, ['info threshold-counts-nothing']],
  ['a judge in its own shadow', { judge: 'bet', shadow: ['bet'] }, {}, ['warning judge-setting-unused']],
  ['replicas compared, without a limit', { metrics: [{ name: 'memory', critical: true }] }, {}, []],
  [
    'replicas compared under any judge',
    { judge: 'threshold', metrics: [{ name: 'cpu', compare: 'stable' }] },
    {},
    [],
  ],
  [
    'replicas neither compared nor limited',
    { metrics: [{ name: 'memory', compare: 'none' }] },
    {},
    ['error metric-unbounded'],
  ],
  [
    'critical, and no gauge',
    { metrics: [{ name: 'error-rate', thresholdRange: { max: 1 }, critical: true }] },
    {},
    ['warning judge-setting-unused'],
  ],
  ['compared, without a limit', { metrics: [{ name: 'error-rate', compare: 'stable' }] }, {}, []],
  [
    'neither compared nor limited',
    { metrics: [{ name: 'error-rate', compare: 'none' }] },
    {},
    ['error metric-unbounded'],
  ],
  ['a broken objective', { metrics: [{ name: 'x', objective: 'fast' }] }, {}, ['error invalid-objective']],
  [
    'two limits',
    { metrics: [{ name: 'x', objective: '1 %', thresholdRange: { max: 1 } }] },
    {},
    ['error invalid-objective'],
  ],
  ['no limit', { metrics: [{ name: 'error-rate' }] }, {}, ['error metric-unbounded']],
  ['no threshold left', { threshold: 0, judge: 'threshold' }, {}, ['error invalid-value']],
  [
    'two ways to assign',
    { sessionAffinity: { cookieName: 'c' } },
    { service: { port: 80, assignBy: { cookie: 'c' } } },
    ['warning assign-and-affinity'],
  ],
  [
    'assigned by both',
    {},
    { service: { port: 80, assignBy: { cookie: 'c', header: 'h' } } },
    ['error invalid-value'],
  ],
  ['rollbackOnFailure', {}, { rollbackOnFailure: true }, ['info rollback-on-failure']],
])('sluice: %s', (_, analysis, spec, expected) => {
  expect(ofSluice(analysis, spec)).toEqual(expected);
});

test('without an analysis: a rolling update of ours, an error of Flagger', () => {
  expect(codes(canary('sluice.dev/v1alpha1', {}, null))).toEqual([]);
  expect(codes(canary('sluice.dev/v1alpha1', { strategy: 'BlueGreen' }, null))).toEqual([
    'error analysis-missing',
  ]);
  expect(codes(canary('flagger.app/v1beta1', { skipAnalysis: true }, null))).toEqual([
    'error analysis-missing',
    'warning skip-analysis',
  ]);
});

test('kinds and versions', () => {
  expect(codes('kind: Canary\napiVersion: flagger.app/v1\n')).toEqual(['error unknown-api-version']);
  expect(codes('kind: Canari\napiVersion: flagger.app/v1beta1\n')).toEqual(['error unknown-kind']);
  expect(codes('kind: Service\napiVersion: v1\nmetadata: {name: x}\n')).toEqual(['info unknown-kind']);
  expect(codes('metadata: {name: x}\n')).toEqual(['error missing-kind']);
  expect(codes('on: push\njobs: {}\n')).toEqual(['info unknown-kind']);
});

test('an alert provider has one address', () => {
  const provider = (spec: Json): string =>
    JSON.stringify({
      apiVersion: 'flagger.app/v1beta1',
      kind: 'AlertProvider',
      metadata: { name: 'p' },
      spec,
    });
  expect(codes(provider({ type: 'slack', address: 'http://x/' }))).toEqual([]);
  expect(codes(provider({ type: 'slack', address: 'http://x/', secretRef: { name: 's' } }))).toEqual([
    'error alert-provider-address',
  ]);
  expect(codes(provider({ type: 'pagerduty', address: 'http://x/' }))).toEqual(['error invalid-value']);
});
