import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Loadtester, type LoadtesterOptions, startLoadtester } from './loadtester.ts';

let directory = '';
const open: Loadtester[] = [];
const lines: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-loadtester-'));
  lines.length = 0;
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((tester) => tester.close()));
  rmSync(directory, { recursive: true });
});

async function start(
  options: Partial<LoadtesterOptions> = {},
): Promise<(path: string, body?: unknown, headers?: Record<string, string>) => Promise<string>> {
  const tester = await startLoadtester({
    host: '127.0.0.1',
    port: 0,
    stateFile: join(directory, 'gates.json'),
    allowed: [],
    log: (line) => lines.push(line),
    ...options,
  });
  open.push(tester);
  return async (path, body, headers = {}) => {
    const init = body === undefined ? { headers } : { method: 'POST', body: JSON.stringify(body), headers };
    const response = await fetch(`http://127.0.0.1:${tester.port}${path}`, init);
    return `${response.status} ${(await response.text()).trim()}`;
  };
}

const shop = { name: 'shop', namespace: 'prod' };

test('gates are closed, open when opened, and stay so over a restart', async () => {
  const send = await start();
  expect(await send('/gate/check', shop)).toBe('403 Forbidden');
  expect(await send('/gate/open', shop)).toBe('202 Accepted');
  expect(await send('/gate/check', shop)).toBe('200 Approved');
  expect(await send('/rollback/check', shop)).toBe('403 Forbidden');
  await open.splice(0)[0]?.close();
  const again = await start();
  expect(await again('/gate/check', shop)).toBe('200 Approved');
  expect(await again('/gate/check', { ...shop, name: 'other' })).toBe('403 Forbidden');
  expect(await again('/gate/close', shop)).toBe('202 Accepted');
  expect(await again('/gate/check', shop)).toBe('403 Forbidden');
  expect([await again('/gate/approve'), await again('/gate/halt')]).toEqual(['200 OK', '403 Forbidden']);
});

test('a hey command is run by the generator, once at a time', async () => {
  let served = 0;
  const target = createServer((_, response) => {
    served += 1;
    response.end();
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const { port } = target.address() as AddressInfo;
  const send = await start({ resolveName: (host) => (host === 'shop-canary' ? `127.0.0.1:${port}` : null) });
  const task = { ...shop, metadata: { type: 'cmd', cmd: 'hey -n 20 -c 2 -q 50 http://shop-canary/health' } };
  expect([await send('/', task), await send('/', task)]).toEqual(['202 Accepted', '202 Accepted']);
  await vi.waitFor(() => expect(lines).toHaveLength(1), { timeout: 5_000 });
  expect(lines[0]).toMatch(/^load of shop\.prod done: 20 requests in .* 0 failed; 200: 20; p50 /);
  expect(served).toBe(20);
  target.close();
});

test('a shell is refused with the cure, and an allowed program runs without one', async () => {
  const send = await start();
  const bash = { ...shop, metadata: { type: 'bash', cmd: './run-acceptance-tests.sh' } };
  expect(await send('/', bash)).toMatchInlineSnapshot(
    `"400 metadata.type bash would run a command for whoever can reach this port. If it is meant, start the load tester with --allow './run-acceptance-tests.sh': exactly that program then runs with exactly those words, without a shell."`,
  );
  const command = `${process.execPath} -e 'console.log(1+1)'`;
  const allowing = await start({ allowed: [command, 'false', `${process.execPath} -e 'x' ; id`] });
  const run = (cmd: string): Promise<string> =>
    allowing('/', { ...shop, metadata: { type: 'bash', cmd, returnCmdOutput: 'true' } });
  expect(await run(command)).toBe('200 2');
  expect((await run('false')).trim()).toBe('500');
  expect(await run(`${command} more`)).toMatch(/^400 /);
  expect(await run(`${process.execPath} -e 'x' ; id`)).toMatch(/needs a shell, and no shell is run/);
});

test.each([
  [{ ...shop }, '400 metadata is missing, or a value of it is not text'],
  [
    { ...shop, metadata: { type: 'cmd', cmd: '' } },
    '400 metadata.cmd is missing. Give metadata.cmd a hey command line.',
  ],
  [
    { ...shop, metadata: { type: 'concord', cmd: 'x' } },
    '400 metadata.type "concord" is not known. Use type cmd with a hey command line, or a webhook of your own.',
  ],
  [{ ...shop, metadata: { cmd: true } }, '400 metadata is missing, or a value of it is not text'],
  [[], '400 the body is not a JSON object of at most 64 KiB'],
])('bad task %j', async (body, answer) => {
  expect(await (await start())('/', body)).toBe(answer);
});

test('a page in a browser can neither open a gate nor start a load', async () => {
  const send = await start();
  expect(await send('/gate/open', shop, { origin: 'https://evil.example' })).toBe(
    '403 requests of web pages are refused',
  );
  expect(await send('/gate/check', shop)).toBe('403 Forbidden');
});

test('a port in use is said so', async () => {
  await start();
  const first = open[0];
  await expect(start({ port: first?.port ?? 0 })).rejects.toMatchObject({ code: 'port-in-use' });
});
