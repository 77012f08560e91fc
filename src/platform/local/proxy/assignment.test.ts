import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FrontSpec, MatchCondition } from '../../../resource/service-spec.ts';
import { assign } from './assignment.ts';
import { bucketOf } from './bucket.ts';
import type { ProxyRoute } from './messages.ts';
import { parseRequestHead, type RequestHead } from './request-head.ts';
import { plainFront, stableRoute } from './testing/rig.ts';

function request(fields = '', target = '/'): RequestHead {
  const head = parseRequestHead(`GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}`);
  if ('reason' in head) throw new Error(head.reason);
  return head;
}

function arm(
  front: Partial<FrontSpec>,
  route: Partial<ProxyRoute> | null,
  head = request(),
  random = 0,
): string {
  const whole = route === null ? null : { ...stableRoute, ...route };
  return assign({ ...plainFront, ...front }, whole, head, () => random).arm;
}

test('buckets of short keys are even: 5, 10 and 25 % of users 1 to 1,000', () => {
  const share = (percent: number): number =>
    Array.from({ length: 1_000 }, (_, i) => bucketOf('r', String(i + 1))).filter(
      (bucket) => bucket < percent * 100,
    ).length / 10;
  expect([share(5), share(10), share(25)]).toMatchInlineSnapshot(`
    [
      6,
      10.5,
      26.5,
    ]
  `);
  for (const percent of [5, 10, 25, 50]) expect(Math.abs(share(percent) - percent)).toBeLessThan(3);
});

test('another rollout has other guinea pigs', () => {
  const first = (salt: string): number[] =>
    Array.from({ length: 1_000 }, (_, i) => i).filter((i) => bucketOf(salt, `user-${i}`) < 1_000);
  const both = first('r1').filter((i) => first('r2').includes(i));
  expect(both.length).toBeLessThan(30);
});

test('a key that is on the canary stays there at every higher weight', () => {
  const front = { assignBy: { source: 'header', name: 'X-User' } } as const;
  const weight = fc.double({ min: 0, max: 100, noNaN: true });
  fc.assert(
    fc.property(fc.uuid(), weight, weight, (user, a, b) => {
      const head = request(`X-User: ${user}\r\n`);
      const at = (weightPercent: number): string => arm(front, { weightPercent }, head, 0.999_999);
      if (at(Math.min(a, b)) === 'canary') expect(at(Math.max(a, b))).toBe('canary');
      expect(at(0)).toBe('stable');
      expect(at(100)).toBe('canary');
    }),
  );
});

test('the weight is exact at its edge, and without a key it is by chance', () => {
  const by = { assignBy: { source: 'cookie', name: 'id' } } as const;
  expect(arm({}, { weightPercent: 0.01 }, request(), 0.000_09)).toBe('canary');
  expect(arm({}, { weightPercent: 0.01 }, request(), 0.000_1)).toBe('stable');
  expect(arm(by, { weightPercent: 50 }, request(), 0.4)).toBe('canary');
  expect(arm(by, { weightPercent: 50 }, request('Cookie: id=\r\n'), 0.6)).toBe('stable');
  expect(arm(by, null)).toBe('stable');
});

test.each<[MatchCondition, string, string, boolean]>([
  [{ source: 'header', name: 'x-a', kind: 'exact', value: 'v' }, 'X-A: v\r\n', '/', true],
  [{ source: 'header', name: 'x-a', kind: 'exact', value: 'v' }, 'X-A: V\r\n', '/', false],
  [{ source: 'header', name: 'x-a', kind: 'prefix', value: 'v' }, 'X-A: vv\r\n', '/', true],
  [{ source: 'header', name: 'x-a', kind: 'suffix', value: 'w' }, 'X-A: vw\r\n', '/', true],
  [{ source: 'header', name: 'x-a', kind: 'regex', value: 'a|b+' }, 'X-A: bbb\r\n', '/', true],
  [{ source: 'header', name: 'x-a', kind: 'regex', value: 'a|b+' }, 'X-A: bbbc\r\n', '/', false],
  [{ source: 'header', name: 'x-a', kind: 'regex', value: '(' }, 'X-A: (\r\n', '/', false],
  [{ source: 'header', name: 'x-a', kind: 'present', value: '' }, 'X-A: \r\n', '/', true],
  [{ source: 'header', name: 'x-a', kind: 'present', value: '' }, '', '/', false],
  [{ source: 'cookie', name: 'c', kind: 'exact', value: 'v' }, 'Cookie: d=1; c="v"\r\n', '/', true],
  [{ source: 'cookie', name: 'c', kind: 'exact', value: 'v' }, 'Cookie: xc=v\r\n', '/', false],
  [{ source: 'query', name: 'q', kind: 'exact', value: 'a b' }, '', '/?p=1&q=a%20b', true],
])('%j of %j %s', (condition, fields, target, matches) => {
  const route = { match: true };
  expect(arm({ match: [[condition]] }, route, request(fields, target))).toBe(matches ? 'canary' : 'stable');
});

test('all conditions of one entry hold, or those of another; an empty entry matches nothing', () => {
  const header = (name: string): MatchCondition => ({ source: 'header', name, kind: 'present', value: '' });
  const match = [[header('a'), header('b')], [header('c')], []];
  expect(arm({ match }, { match: true }, request('A: 1\r\n'))).toBe('stable');
  expect(arm({ match }, { match: true }, request('A: 1\r\nB: 1\r\n'))).toBe('canary');
  expect(arm({ match }, { match: true }, request('C: 1\r\n'))).toBe('canary');
  expect(arm({ match }, { match: false }, request('C: 1\r\n'))).toBe('stable');
});
