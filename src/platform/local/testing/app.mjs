// A small application of many moods, for tests. Answers `<version> <pid>`; /slow?ms=N answers after N ms.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { PORT, VERSION = 'v1', MOOD = '', TRACE = '' } = process.env;

function trace(word) {
  if (TRACE !== '') appendFileSync(TRACE, `${word}\n`);
}

if (MOOD === 'exit') process.exit(3);
if (MOOD === 'chatty') setInterval(() => process.stdout.write('x'.repeat(1024 * 1024)), 1);
if (MOOD === 'stubborn') process.on('SIGTERM', () => trace('SIGTERM ignored'));
if (MOOD === 'parent') spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });

let ready = MOOD !== 'never-ready';
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://app');
  if (url.pathname === '/ready') {
    response.writeHead(ready ? 200 : 503).end();
  } else if (url.pathname === '/unready') {
    ready = false;
    response.end();
  } else if (url.pathname === '/crash') {
    process.exit(1);
  } else {
    const waitMs = Number(url.searchParams.get('ms') ?? 0);
    setTimeout(() => response.end(`${VERSION} ${process.pid}`), waitMs);
  }
});
server.listen(Number(PORT), '127.0.0.1');
if (MOOD !== 'stubborn') {
  process.on('SIGTERM', () => {
    trace('SIGTERM');
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
