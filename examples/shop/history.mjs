// What two days of the shop could have left behind, as traces: `node history.mjs traces` writes them, always the same ones.
//   history.jsonl    two days of one arm, a block each 15 s
//   good.jsonl       a release that went well
//   v3.bad.jsonl     one that had to be taken back: 4 % of its requests failed
import { mkdirSync, writeFileSync } from 'node:fs';

const folder = process.argv[2] ?? 'traces';
const blockSeconds = 15;
const start = Date.parse('2026-03-02T00:00:00Z');
const bounds = [0.1, 0.25, 0.5, 1, 2.5, 5];
// Of the requests, so many take at most each bound.
const within = [0.62, 0.87, 0.955, 0.985, 0.9975, 1];

let state = 20260302;
function uniform() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}

/** How many of `count` requests fail: one by one. */
function failing(count, share) {
  let failed = 0;
  for (let request = 0; request < count; request += 1) if (uniform() < share) failed += 1;
  return failed;
}

function arm(requests, share) {
  const cumulative = within.map((part) => Math.round(requests * part));
  return { requests, errors: failing(requests, share), latency: { unit: 's', bounds, cumulative } };
}

/** More by day than by night. */
function requestsAt(second) {
  const day = 1 - Math.cos((2 * Math.PI * second) / 86_400);
  return Math.round(blockSeconds * (20 + 20 * day) * (0.9 + 0.2 * uniform()));
}

function write(name, seconds, blockAt) {
  const lines = [];
  for (let second = blockSeconds; second <= seconds; second += blockSeconds)
    lines.push(JSON.stringify({ at: new Date(start + second * 1000).toISOString(), ...blockAt(second) }));
  writeFileSync(`${folder}/${name}`, `${lines.join('\n')}\n`);
}

function release(share) {
  return (second) => {
    const weight = second <= 60 ? 0.1 : second <= 150 ? 0.25 : 0.5;
    const requests = requestsAt(second + 43_200);
    const canary = Math.round(requests * weight);
    return { canary: arm(canary, share), stable: arm(requests - canary, 0.0004) };
  };
}

mkdirSync(folder, { recursive: true });
write('history.jsonl', 2 * 86_400, (second) => ({ stable: arm(requestsAt(second), 0.0004) }));
write('good.jsonl', 240, release(0.0004));
write('v3.bad.jsonl', 240, release(0.04));
