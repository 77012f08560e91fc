import { createServer } from 'node:http';

// The service of these tests. VERSION names it; the other variables put it into a mood.
const {
  VERSION = 'v1',
  PORT = '0',
  FAIL = '',
  READY = '',
  PRINT_MB = '0',
  IGNORE = '',
  EXIT = '',
} = process.env;

if (EXIT !== '') {
  console.error('the database is not there');
  process.exit(Number(EXIT));
}

console.log(`${VERSION} starts`);

const server = createServer((request, response) => {
  const isProbe = request.url === '/ready' || request.url.startsWith('/actuator/health/');
  response.setHeader('x-version', VERSION);
  response.writeHead((isProbe && READY === 'never') || (!isProbe && FAIL !== '') ? 500 : 200);
  response.end(`${VERSION}\n`);
});
server.listen(Number(PORT), '127.0.0.1');

process.on('SIGTERM', () => {
  if (IGNORE === '') server.close(() => process.exit(0));
});

// Blocks where the reader of stdout is slow, as a program that logs too much does.
const line = `${'x'.repeat(1023)}\n`.repeat(1024);
let left = Number(PRINT_MB);
const print = () => {
  if (left <= 0) return;
  left -= 1;
  process.stdout.write(line, () => setImmediate(print));
};
print();
