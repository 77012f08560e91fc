import { createServer } from 'node:http';

// A small shop. VERSION says which price list it sells by, PORT where it listens.
const version = process.env.VERSION ?? 'v1';
const { priceOf } = await import(`./pricing/${version}.mjs`);

let leaving = false;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://shop');
  response.setHeader('x-shop-version', version);
  if (url.pathname === '/health/live') return answer(response, 200, { alive: true });
  if (url.pathname === '/health/ready') return answer(response, leaving ? 503 : 200, { ready: !leaving });
  try {
    const cents = priceOf(url.searchParams.get('item') ?? 'tea', url.searchParams.get('coupon'));
    answer(response, 200, { version, cents });
  } catch (error) {
    console.error(`${request.url}: ${error.message}`);
    answer(response, 500, { version, error: 'price not available' });
  }
});

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`shop ${version} listens on ${process.env.PORT}`);
});

process.on('SIGTERM', () => {
  leaving = true;
  server.close(() => process.exit(0));
});
