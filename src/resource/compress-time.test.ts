import { expect, test } from 'vitest';
import { compressTime } from './compress-time.ts';

test('divides the durations of a Canary, keeps the rest and the comments', () => {
  const text = `kind: Process
spec: { interval: 1m }
---
kind: Canary
spec:
  analysis:
    # once a minute
    interval: 1m
    steps:
      - { weight: 10, duration: 5m }
      - weight: 25 # a quarter
        duration: 1m30s
    metrics:
      - name: error-rate
        interval: soon
  bakeDuration: 5m
`;
  expect(compressTime(text, 60)).toMatchInlineSnapshot(`
    "kind: Process
    spec: { interval: 1m }
    ---
    kind: Canary
    spec:
      analysis:
        # once a minute
        interval: 1s
        steps:
          - { weight: 10, duration: 5s }
          - weight: 25 # a quarter
            duration: 1s500ms
        metrics:
          - name: error-rate
            interval: soon
      bakeDuration: 5s
    "
  `);
});
