import { expect, test } from 'vitest';
import type { HookRequest } from '../engine/ports.ts';
import { SluiceError } from '../lib/error.ts';
import type { HookAnswer } from '../rollout/observation.ts';
import type { Egress, EgressRequest, EgressResponse } from './egress.ts';
import { createHookCaller } from './hook-caller.ts';

const request = (retries: number): HookRequest => ({
  effect: {
    kind: 'callHook',
    id: 'uid/0/1/hook/gate/1',
    phase: 'Progressing',
    hook: {
      name: 'gate',
      type: 'confirm-rollout',
      url: 'http://gates/check',
      timeoutMs: 5_000,
      retries,
      metadata: { team: 'shop' },
      muteAlert: false,
      deadlineMs: null,
      onDeadline: 'rollback',
    },
  },
  name: 'shop',
  namespace: 'prod',
  revision: 'abc',
  step: 0,
  checksum: 'abc',
});

type Scripted = Partial<EgressResponse> | 'refused' | 'reset' | 'hang';

async function call(
  script: readonly Scripted[],
  retries = 0,
): Promise<{ answer: HookAnswer; sent: EgressRequest[]; waits: number[] }> {
  const sent: EgressRequest[] = [];
  const waits: number[] = [];
  const egress: Egress = {
    send: async (egressRequest) => {
      const answer = script[sent.length] ?? 'reset';
      sent.push(egressRequest);
      if (answer === 'refused') throw new SluiceError({ code: 'egress-refused', message: 'not allowed' });
      if (answer === 'reset') throw new SluiceError({ code: 'hook-failed', message: 'connection reset' });
      if (answer === 'hang') return new Promise(() => undefined);
      return { status: 200, headers: {}, body: '', ...answer };
    },
    close: async () => undefined,
  };
  const caller = createHookCaller({
    egress,
    nowMs: () => 42,
    sleep: async (durationMs) => {
      waits.push(durationMs);
    },
  });
  const answer = await caller.call(request(retries), new AbortController().signal);
  return { answer, sent, waits };
}

test('posts the payload with an idempotency key', async () => {
  const { answer, sent } = await call([{ status: 200 }]);
  expect(answer).toMatchObject({ id: 'uid/0/1/hook/gate/1', kind: 'passed', atMs: 42 });
  expect(sent[0]?.headers).toEqual({
    'content-type': 'application/json',
    'idempotency-key': 'uid/0/1/hook/gate/1',
  });
  expect(JSON.parse(sent[0]?.body ?? '')).toEqual({
    name: 'shop',
    namespace: 'prod',
    phase: 'Progressing',
    checksum: 'abc',
    metadata: { team: 'shop' },
    type: 'confirm-rollout',
    revision: 'abc',
    step: 0,
    id: 'uid/0/1/hook/gate/1',
  });
});

test.each([
  [200, 'passed'],
  [202, 'passed'],
  [204, 'passed'],
  [302, 'refused'],
  [403, 'refused'],
  [429, 'failed'],
  [500, 'failed'],
  [501, 'refused'],
])('status %i is %s', async (status, kind) => {
  expect((await call([{ status }])).answer.kind).toBe(kind);
});

test('asks again only where that helps, with rising waits', async () => {
  const three = await call([{ status: 503 }, 'reset', { status: 503 }, { status: 200 }], 3);
  expect([three.answer.kind, three.sent.length, three.waits]).toEqual(['passed', 4, [1_000, 2_000, 4_000]]);
  expect((await call([{ status: 403 }], 3)).sent).toHaveLength(1);
  expect((await call(['refused'], 3)).sent).toHaveLength(1);
  expect((await call([{ status: 503, headers: { 'retry-after': '7' } }, {}], 1)).waits).toEqual([7_000]);
});

test('the body of an answer stays out of the record', async () => {
  const { answer } = await call([{ status: 500, body: 'password=hunter2' }]);
  expect(answer.message).toMatchInlineSnapshot(`"status 500, body 16 bytes (sha256 42c842031e73)"`);
});

test('the same call under way is not sent twice', async () => {
  const sent: EgressRequest[] = [];
  const caller = createHookCaller({
    egress: {
      send: async (egressRequest) => {
        sent.push(egressRequest);
        return { status: 200, headers: {}, body: '' };
      },
      close: async () => undefined,
    },
    nowMs: () => 1,
    sleep: async () => undefined,
  });
  const { signal } = new AbortController();
  const answers = await Promise.all([caller.call(request(0), signal), caller.call(request(0), signal)]);
  expect([answers.map(({ kind }) => kind), sent.length]).toEqual([['passed', 'passed'], 1]);
});
