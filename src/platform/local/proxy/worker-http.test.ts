import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ask, type Backend, backend, get, RawClient, Rig, until } from './testing/rig.ts';

let rig: Rig;
const backends: Backend[] = [];

beforeAll(async () => {
  rig = await Rig.start({
    front: { responseTimeoutMs: 300 },
    limits: { headTimeoutMs: 300, bodyTimeoutMs: 300, idleTimeoutMs: 400, lingerMs: 300 },
  });
});
afterEach(async () => {
  for (const one of backends.splice(0)) await one.close();
});
afterAll(() => rig.close());

async function serve(...args: Parameters<typeof backend>): Promise<Backend> {
  const made = await backend(...args);
  backends.push(made);
  await rig.setEndpoints(made.endpoint(`b${made.port}`, 'stable'));
  return made;
}

const okAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test('forwards what belongs to the message and replaces what belongs to the hop', async () => {
  const app = await serve((socket) => {
    socket.write(
      'HTTP/1.1 200 Fine\r\nX-App: 1\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok',
    );
  });
  const answer = await ask(
    rig.port,
    'GET /a?b=c HTTP/1.1\r\nHost: shop.example\r\nX-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 7.7.7.7\r\nForwarded: for=6.6.6.6\r\n' +
      'X-Forwarded-Proto: https\r\nX-Real-Ip: 6.6.6.6\r\nTE: trailers, gzip\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\n' +
      'Connection: close, X-Secret-Hop\r\nX-Secret-Hop: 1\r\nAccept: */*\r\n\r\n',
  );
  expect(app.received()).toMatchInlineSnapshot(`
    "GET /a?b=c HTTP/1.1
    Host: shop.example
    Accept: */*
    X-Forwarded-For: 127.0.0.1
    X-Forwarded-Proto: http
    X-Forwarded-Host: shop.example
    Connection: TE
    TE: trailers

    "
  `);
  expect(answer).toMatchInlineSnapshot(`
    "HTTP/1.1 200 Fine
    X-App: 1
    Content-Length: 2
    Connection: close

    ok"
  `);
});

test('keeps both connections for the next request, and answers pipelined requests in order', async () => {
  let slow = true;
  const app = await serve((socket, head) => {
    const path = head.split(' ')[1] ?? '';
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`;
    if (slow) setTimeout(() => socket.write(answer), 30);
    else socket.write(answer);
    slow = false;
  });
  const client = new RawClient(rig.port);
  client.send(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
  await client.got('\n/3');
  client.send('GET /4 HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.got('\n/4');
  expect(client.text.match(/\n\/\d/g)).toEqual(['\n/1', '\n/2', '\n/3', '\n/4']);
  expect(app.accepted()).toBe(1);
  client.close();
});

test('answers 2,000 pipelined requests of one packet', async () => {
  await serve((socket) => socket.write(okAnswer));
  const client = new RawClient(rig.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2_000));
  await until(() => client.text.length >= 2_000 * okAnswer.length);
  client.close();
});

test('a truncated answer resets the client', async () => {
  await serve((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this'));
  const client = new RawClient(rig.port).send(get());
  await until(() => client.closed);
  expect(client.reset).toBe(true);
});

test('a truncated chunked answer resets the client', async () => {
  await serve((socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'));
  const client = new RawClient(rig.port).send(get());
  await until(() => client.closed);
  expect(client.reset).toBe(true);
});

test.each([
  ['two lengths', 'Content-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
  ['length and chunked', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a folded line', 'X: a\r\n b\r\nContent-Length: 2\r\n\r\nok'],
  ['a switch nobody asked for', null],
])('an answer with %s is a bad gateway', async (_name, rest) => {
  await serve((socket) => {
    socket.write(
      rest === null ? 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n' : `HTTP/1.1 200 OK\r\n${rest}`,
    );
  });
  const answer = await ask(rig.port, get());
  expect(answer).toContain('HTTP/1.1 502');
  expect(answer).toContain('X-Sluice-Reason: bad-answer');
});

test('an answer whose head does not end is a bad gateway', async () => {
  await serve((socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}`));
  expect(await ask(rig.port, get())).toContain('X-Sluice-Reason: bad-answer');
});

test('an application that closes before it answers is a bad gateway, and is counted as failed', async () => {
  const before = (await rig.counters()).arms.stable;
  await serve((socket) => socket.end());
  expect(await ask(rig.port, get())).toContain('X-Sluice-Reason: answer-broken');
  const after = (await rig.counters()).arms.stable;
  expect(after.classes.failed - before.classes.failed).toBe(1);
  expect(after.errors - before.errors).toBe(1);
});

test('an application that does not answer in time is a gateway timeout', async () => {
  await serve(() => undefined);
  expect(await ask(rig.port, get())).toContain('HTTP/1.1 504');
});

test('HEAD, 204 and 304 have no body whatever their fields say', async () => {
  await serve((socket, head) => {
    if (head.startsWith('HEAD')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n');
    else if (head.includes('/204')) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    else socket.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n');
  });
  const client = new RawClient(rig.port);
  client.send(
    'HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /204 HTTP/1.1\r\nHost: a\r\n\r\nGET /304 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  );
  await client.over();
  expect(client.text).toBe(
    'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n' +
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nConnection: close\r\n\r\n',
  );
  client.close();
});

test('an HTTP/1.0 client gets no chunks, and its connection ends', async () => {
  await serve((socket) =>
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: 1\r\n\r\n'),
  );
  expect(await ask(rig.port, 'GET / HTTP/1.0\r\n\r\n')).toBe(
    'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello',
  );
});

test('an HTTP/1.0 client that asks for it keeps its connection', async () => {
  await serve((socket) => socket.write(okAnswer));
  const client = new RawClient(rig.port).send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
  await client.got('Connection: keep-alive\r\n\r\nok');
  client.send('GET / HTTP/1.0\r\n\r\n');
  await client.over();
  expect(client.text.split('ok').length).toBe(3);
  client.close();
});

test('an answer that ends with its connection ends the client connection', async () => {
  await serve((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nto the end'));
  expect(await ask(rig.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(
    'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end',
  );
});

test('passes 100, 103 and trailers on, but no trailer that would change the message', async () => {
  const app = await serve((socket) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n');
    socket.write(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nContent-Length: 3\r\n\r\n',
    );
  });
  const client = new RawClient(rig.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n');
  await client.got('100 Continue');
  client.send('3\r\nabc\r\n0\r\nX-Up: 1\r\nHost: evil\r\n\r\n');
  await client.got('X-Sum: 7\r\n\r\n');
  expect(client.text).not.toContain('Content-Length');
  await until(() => app.received().endsWith('3\r\nabc\r\n0\r\nX-Up: 1\r\n\r\n'));
  client.close();
});

test('an early answer of an application that closes reaches a client that is still sending', async () => {
  await serve((socket) =>
    socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
  );
  const client = new RawClient(rig.port).send(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc',
  );
  await client.got('413 Too Large');
  client.send('x'.repeat(10_000));
  await client.over();
  expect(client.reset).toBe(false);
  client.close();
});

test('an early answer of an application that still reads does not lose the rest of the request', async () => {
  const app = await serve((socket) => socket.write('HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n'));
  const client = new RawClient(rig.port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
  await client.got('202 Accepted');
  client.send('defGET /next HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => client.text.split('202 Accepted').length === 3);
  expect(app.received()).toContain('\r\n\r\nabcdefGET /next');
  client.close();
});

test('a client that leaves aborts the request upstream, and is no error of the arm', async () => {
  const before = (await rig.counters()).arms.stable;
  const app = await serve(() => undefined);
  const client = new RawClient(rig.port).send(get());
  await until(() => app.connections.size === 1);
  client.close();
  await until(() => app.connections.size === 0);
  const after = (await rig.counters()).arms.stable;
  expect(after.classes.clientGone - before.classes.clientGone).toBe(1);
  expect(after.errors).toBe(before.errors);
  expect(after.inFlight).toBe(0);
});

test('a server that closes an idle connection just as the request comes costs nothing', async () => {
  let first = true;
  await serve((socket) => {
    if (first) socket.write(okAnswer);
    else if (socket.bytesWritten > 0) socket.destroy();
    else socket.write(okAnswer);
    first = false;
  });
  const before = (await rig.counters()).arms.stable;
  const client = new RawClient(rig.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.got('ok');
  client.send(get());
  await client.over();
  expect(client.text.match(/200 OK/g)?.length).toBe(2);
  expect((await rig.counters()).arms.stable.errors).toBe(before.errors);
  client.close();
});

test('keeps to the time that the application says it keeps a connection', async () => {
  const app = await serve((socket) =>
    socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 2\r\n\r\nok'),
  );
  await ask(rig.port, get());
  await ask(rig.port, get());
  expect(app.accepted()).toBe(2);
});

test('slow heads, slow bodies and idle connections are ended', async () => {
  await serve((socket) => socket.write(okAnswer));
  const slowHead = new RawClient(rig.port).send('GET / HT');
  const slowBody = new RawClient(rig.port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc');
  const idle = new RawClient(rig.port);
  await Promise.all([slowHead.over(), idle.over()]);
  expect(slowHead.text).toContain('408 Request Timeout');
  expect(idle.text).toBe('');
  await slowBody.over();
  for (const client of [slowHead, slowBody, idle]) client.close();
});

test('a body that stops coming is a request timeout', async () => {
  await serve(() => undefined);
  const client = new RawClient(rig.port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc');
  await client.over();
  expect(client.text).toContain('408 Request Timeout');
  client.close();
});
