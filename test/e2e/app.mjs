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
  response.end(`${request.url === '/printed' ? printedMb : VERSION}\n`);
});
server.listen(Number(PORT), '127.0.0.1');

process.on('SIGTERM', () => {
  if (IGNORE === '') server.close(() => process.exit(0));
});

// A program that logs far too much: some hundred megabytes a second.
const line = `${'x'.repeat(1023)}\n`.repeat(1024);
let printedMb = 0;
const print = () => {
  if (printedMb >= Number(PRINT_MB)) return;
  process.stdout.write(line, () => {
    printedMb += 1;
    setTimeout(print, 3);
  });
};
print();
