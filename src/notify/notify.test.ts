import { expect, test } from 'vitest';
import { settled, VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { AllNotifiers } from './all-notifiers.ts';
import { LogNotifier, type NotifyEffect } from './log-notifier.ts';
import { WebhookNotifier } from './webhook-notifier.ts';

function effect(n: number, severity: NotifyEffect['severity'] = 'error'): NotifyEffect {
  return { kind: 'notify', id: `u/${n}`, severity, message: `rolled back ${n}` };
}

function receiver(failures: number) {
  const clock = new VirtualClock(1_000);
  const sent: string[] = [];
  const logged: string[] = [];
  let left = failures;
  const notifier = new WebhookNotifier({
    name: 'team chat',
    minSeverity: 'warn',
    clock,
    log: (_level, message) => logged.push(message),
    send: async (body, key) => {
      if (left > 0) {
        left -= 1;
        throw new Error('503');
      }
      sent.push(`${key} ${body}`);
    },
  });
  return { clock, sent, logged, notifier };
}

test('the log has one line for each notification', () => {
  const lines: string[] = [];
  const log = new LogNotifier((level, message) => lines.push(`${level} ${message}`));
  new AllNotifiers([log, log]).notify('default/shop', effect(1, 'warn'));
  expect(lines).toEqual(['warn default/shop: rolled back 1', 'warn default/shop: rolled back 1']);
});

test('a webhook gets each message once, in order, from the least severity on', async () => {
  const { notifier, sent } = receiver(0);
  for (const one of [effect(1), effect(2, 'info'), effect(3, 'warn'), effect(1)])
    notifier.notify('default/shop', one);
  await notifier.idle();
  expect(sent).toMatchInlineSnapshot(`
    [
      "u/1 {"id":"u/1","text":"default/shop: rolled back 1","service":"default/shop","severity":"error","atMs":1000}",
      "u/3 {"id":"u/3","text":"default/shop: rolled back 3","service":"default/shop","severity":"warn","atMs":1000}",
    ]
  `);
});

test('a receiver that fails is tried again with growing pauses, and the order stays', async () => {
  const { notifier, sent, clock } = receiver(5);
  notifier.notify('default/shop', effect(1));
  notifier.notify('default/shop', effect(2));
  await clock.runFor(30_000);
  expect(sent).toEqual([]);
  await clock.runFor(1_000);
  await settled();
  expect(sent.map((line) => line.slice(0, 3))).toEqual(['u/1', 'u/2']);
});

test('after six attempts a message is given up, the log says so, and the next one goes', async () => {
  const { notifier, sent, logged, clock } = receiver(6);
  notifier.notify('default/shop', effect(1));
  notifier.notify('default/shop', effect(2));
  await clock.runFor(31_000);
  expect(logged).toEqual([
    'team chat did not take a message after 6 attempts (503): default/shop: rolled back 1',
  ]);
  expect(sent.map((line) => line.slice(0, 3))).toEqual(['u/2']);
});

test('a receiver that is down for long costs bounded memory', async () => {
  const { notifier, logged } = receiver(Number.POSITIVE_INFINITY);
  for (let n = 0; n < 1_500; n += 1) notifier.notify('default/shop', effect(n));
  expect(logged).toHaveLength(499);
});
