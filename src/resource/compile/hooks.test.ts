import { expect, test } from 'vitest';
import { canary, one, processOf } from '../fixtures/resources.ts';

test("hooks keep their order and get Flagger's defaults", () => {
  const webhooks = [
    { name: 'load', url: 'http://x/', type: '', metadata: { cmd: 'hey' } },
    {
      name: 'gate',
      url: 'http://x/',
      type: 'confirm-promotion',
      timeout: '1m',
      retries: 2,
      muteAlert: true,
      deadline: '1h',
      onDeadline: 'advance',
    },
    { name: 'load', url: 'http://y/' },
  ];
  expect(
    one(canary({ steps: [{ weight: 10 }], webhooks }), processOf()).spec.plan.hooks,
  ).toMatchInlineSnapshot(`
    [
      {
        "deadlineMs": null,
        "metadata": {
          "cmd": "hey",
        },
        "muteAlert": false,
        "name": "load",
        "onDeadline": "rollback",
        "retries": 0,
        "timeoutMs": 10000,
        "type": "rollout",
        "url": "http://x/",
      },
      {
        "deadlineMs": 3600000,
        "metadata": {},
        "muteAlert": true,
        "name": "gate",
        "onDeadline": "advance",
        "retries": 2,
        "timeoutMs": 60000,
        "type": "confirm-promotion",
        "url": "http://x/",
      },
      {
        "deadlineMs": null,
        "metadata": {},
        "muteAlert": false,
        "name": "load-2",
        "onDeadline": "rollback",
        "retries": 0,
        "timeoutMs": 10000,
        "type": "rollout",
        "url": "http://y/",
      },
    ]
  `);
});
