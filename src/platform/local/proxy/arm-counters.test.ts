import { expect, test } from 'vitest';
import { ArmCounterSet } from './arm-counters.ts';

test('counts by class, and latency up to and with each bound', () => {
  const counters = new ArmCounterSet([0.1, 1]);
  counters.count(200, 0.1);
  counters.count(204, 0.5);
  counters.count(503, 2);
  counters.count('failed', 0.25);
  counters.count('clientGone', 0.125);
  expect(counters.snapshot()).toMatchInlineSnapshot(`
    {
      "classes": {
        "1xx": 0,
        "2xx": 2,
        "3xx": 0,
        "4xx": 0,
        "5xx": 1,
        "clientGone": 1,
        "failed": 1,
      },
      "errors": 2,
      "inFlight": 0,
      "latency": {
        "bounds": [
          0.1,
          1,
        ],
        "cumulative": [
          1,
          4,
        ],
        "sum": 2.975,
      },
      "requests": 5,
      "retries": 0,
      "upgraded": 0,
    }
  `);
});
