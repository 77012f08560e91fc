/**
 * The program of the images `app:*`: an HTTP server of which a pod is made.
 *
 * | variable | |
 * | --- | --- |
 * | VERSION | what it says it is |
 * | BOOT_MS | so long it listens but is not started: `/healthz` and everything else say 503 |
 * | CRASH_AFTER_MS | it ends with exit code 1 so long after its start |
 * | DRAIN_MS | after SIGTERM it takes so long to end |
 * | NEVER_READY | `1`: `/readyz` says 503 for ever |
 *
 * At SIGTERM it stops listening at once, as most servers do, answers what it has begun, and ends.
 *
 * `/` and `/?ms=200` (after so long) say who it is; `/healthz` and `/readyz` are for probes; `/sick` makes `/healthz` say 503;
 * `/env` gives its variables, `/pid` its pid; `/files/etc/config/key` gives a file of a volume mounted at `/etc/config`.
 */
import { createServer, type ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const { env } = process;
const millis = (name: string): number => Number(env[name] ?? 0);
let booted = millis('BOOT_MS') === 0;
let sick = false;

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function file(path: string): string | null {
  try {
    return readFileSync(join(env['POD_ROOT'] ?? '', path), 'utf8');
  } catch {
    return null;
  }
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://pod');
  const text = url.pathname.startsWith('/files/') ? file(url.pathname.slice('/files'.length)) : '';
  if (!booted) return answer(response, 503, { error: 'booting' });
  switch (url.pathname) {
    case '/healthz':
      return answer(response, sick ? 503 : 200, { sick });
    case '/readyz':
      return answer(response, env['NEVER_READY'] === '1' ? 503 : 200, {});
    case '/sick':
      sick = true;
      return answer(response, 200, {});
    case '/pid':
      return answer(response, 200, { pid: process.pid });
    case '/env':
      return answer(response, 200, env);
    default:
      setTimeout(
        () =>
          answer(response, text === null ? 404 : 200, {
            version: env['VERSION'],
            pod: env['HOSTNAME'],
            ip: env['POD_IP'],
            ...(text === '' ? {} : { text }),
          }),
        Number(url.searchParams.get('ms') ?? 0),
      );
  }
});

process.on('SIGTERM', () => {
  console.log(`SIGTERM at ${Date.now()}`);
  server.close();
  server.closeIdleConnections();
  const drained = new Promise((resolve) => server.once('close', resolve));
  setTimeout(() => void drained.then(() => process.exit(0)), millis('DRAIN_MS'));
});
setTimeout(() => {
  booted = true;
}, millis('BOOT_MS')).unref();
if (env['CRASH_AFTER_MS'] !== undefined) setTimeout(() => process.exit(1), millis('CRASH_AFTER_MS'));

server.listen(Number(env['PORT']), env['HOST'], () => console.log(`listens at ${Date.now()}`));
