import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Backend, backend, RawClient, Rig, until } from './testing/rig.ts';

let rig: Rig;
let app: Backend;
let before = 0;

beforeAll(async () => {
  rig = await Rig.start({ limits: { headTimeoutMs: 2_000 } });
  app = await backend((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  await rig.setEndpoints(app.endpoint('a', 'stable'));
});
beforeEach(() => {
  before = app.received().length;
});
afterAll(async () => {
  await rig.close();
  await app.close();
});

const tail = '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const head = 'Host: a\r\n';

/** Each is refused, its connection ends, and nothing of it reaches the application. */
const refused: readonly (readonly [name: string, request: string, status: number])[] = [
  [
    'length and chunked',
    `POST / HTTP/1.1\r\n${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${tail}`,
    400,
  ],
  [
    'chunked and length',
    `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${tail}`,
    400,
  ],
  [
    'two equal lengths',
    `POST / HTTP/1.1\r\n${head}Content-Length: 5\r\nContent-Length: 5\r\n\r\n${tail}`,
    400,
  ],
  ['two lengths', `POST / HTTP/1.1\r\n${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n${tail}`, 400],
  ['a list of lengths', `POST / HTTP/1.1\r\n${head}Content-Length: 5, 5\r\n\r\n${tail}`, 400],
  ['a signed length', `POST / HTTP/1.1\r\n${head}Content-Length: +5\r\n\r\n${tail}`, 400],
  ['a negative length', `POST / HTTP/1.1\r\n${head}Content-Length: -5\r\n\r\n${tail}`, 400],
  ['a hexadecimal length', `POST / HTTP/1.1\r\n${head}Content-Length: 0x5\r\n\r\n${tail}`, 400],
  ['an empty length', `POST / HTTP/1.1\r\n${head}Content-Length: \r\n\r\n${tail}`, 400],
  [
    'a length beyond counting',
    `POST / HTTP/1.1\r\n${head}Content-Length: 99999999999999999999\r\n\r\n${tail}`,
    400,
  ],
  ['another coding', `POST / HTTP/1.1\r\n${head}Transfer-Encoding: gzip\r\n\r\n${tail}`, 400],
  ['two codings', `POST / HTTP/1.1\r\n${head}Transfer-Encoding: gzip, chunked\r\n\r\n${tail}`, 400],
  [
    'chunked twice',
    `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${tail}`,
    400,
  ],
  [
    'chunked, identity',
    `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${tail}`,
    400,
  ],
  ['xchunked', `POST / HTTP/1.1\r\n${head}Transfer-Encoding: xchunked\r\n\r\n${tail}`, 400],
  [
    'a vertical tab before chunked',
    `POST / HTTP/1.1\r\n${head}Transfer-Encoding: \x0bchunked\r\n\r\n${tail}`,
    400,
  ],
  ['chunked in quotes', `POST / HTTP/1.1\r\n${head}Transfer-Encoding: "chunked"\r\n\r\n${tail}`, 400],
  ['chunked from HTTP/1.0', `POST / HTTP/1.0\r\n${head}Transfer-Encoding: chunked\r\n\r\n${tail}`, 400],
  ['a blank before the colon', `POST / HTTP/1.1\r\n${head}Content-Length : 5\r\n\r\n${tail}`, 400],
  ['a tab before the colon', `POST / HTTP/1.1\r\n${head}Transfer-Encoding\t: chunked\r\n\r\n${tail}`, 400],
  ['a folded line', `POST / HTTP/1.1\r\n${head}Transfer-Encoding:\r\n chunked\r\n\r\n${tail}`, 400],
  ['a folded first line', `POST / HTTP/1.1\r\n Transfer-Encoding: chunked\r\n${head}\r\n${tail}`, 400],
  [
    'a bare LF after a field',
    `POST / HTTP/1.1\r\n${head}X: 1\nTransfer-Encoding: chunked\r\n\r\n${tail}`,
    400,
  ],
  ['a bare CR in a field', `POST / HTTP/1.1\r\n${head}X: 1\rTransfer-Encoding: chunked\r\n\r\n${tail}`, 400],
  ['only bare LFs', `GET / HTTP/1.1\nHost: a\n\n`, 400],
  ['a bare LF behind the request line', `GET / HTTP/1.1\n${head}\r\n`, 400],
  ['NUL in a value', `GET / HTTP/1.1\r\n${head}X: a\0b\r\n\r\n`, 400],
  ['NUL in a name', `GET / HTTP/1.1\r\n${head}X\0Y: a\r\n\r\n`, 400],
  ['a control character in a value', `GET / HTTP/1.1\r\n${head}X: a\x01b\r\n\r\n`, 400],
  ['an empty name', `GET / HTTP/1.1\r\n${head}: a\r\n\r\n`, 400],
  ['a line without a colon', `GET / HTTP/1.1\r\n${head}nothing\r\n\r\n`, 400],
  ['a name with brackets', `GET / HTTP/1.1\r\n${head}X[0]: a\r\n\r\n`, 400],
  ['no host', 'GET / HTTP/1.1\r\nX: 1\r\n\r\n', 400],
  ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['a host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400],
  ['a host of two', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', 400],
  ['a bad method', `G{}T / HTTP/1.1\r\n${head}\r\n`, 400],
  ['a blank in the target', `GET /a b HTTP/1.1\r\n${head}\r\n`, 400],
  ['two blanks', `GET  / HTTP/1.1\r\n${head}\r\n`, 400],
  ['a byte above 127 in the target', `GET /\xff HTTP/1.1\r\n${head}\r\n`, 400],
  ['an absolute target', `GET http://other/ HTTP/1.1\r\n${head}\r\n`, 400],
  ['a target without a slash', `GET x HTTP/1.1\r\n${head}\r\n`, 400],
  ['CONNECT', `CONNECT other:443 HTTP/1.1\r\n${head}\r\n`, 405],
  ['no version', `GET /\r\n${head}\r\n`, 400],
  ['HTTP/1.2', `GET / HTTP/1.2\r\n${head}\r\n`, 505],
  ['http/1.1', `GET / http/1.1\r\n${head}\r\n`, 400],
  ['a tab in the request line', `GET\t/ HTTP/1.1\r\n${head}\r\n`, 400],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  [
    'Connection: transfer-encoding',
    `POST / HTTP/1.1\r\n${head}Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n${tail}`,
    400,
  ],
  [
    'Connection: content-length',
    `POST / HTTP/1.1\r\n${head}Connection: content-length\r\nContent-Length: 5\r\n\r\n${tail}`,
    400,
  ],
  ['Connection: host', `GET / HTTP/1.1\r\n${head}Connection: host\r\n\r\n`, 400],
  ['another expectation', `GET / HTTP/1.1\r\n${head}Expect: a-pony\r\n\r\n`, 417],
  ['a target of 9,000 bytes', `GET /${'a'.repeat(9_000)} HTTP/1.1\r\n${head}\r\n`, 414],
  ['a head of 17,000 bytes', `GET / HTTP/1.1\r\n${head}X: ${'a'.repeat(17_000)}\r\n\r\n`, 431],
  ['an endless head', `GET / HTTP/1.1\r\n${head}X: ${'a'.repeat(17_000)}`, 431],
  ['an endless target', `GET /${'a'.repeat(9_000)}`, 414],
  ['101 fields', `GET / HTTP/1.1\r\n${head}${'X: 1\r\n'.repeat(101)}\r\n`, 431],
];

test.each(refused)('refuses %s', async (_name, request, status) => {
  const client = new RawClient(rig.port).send(request);
  await client.over();
  expect(client.text).toContain(`HTTP/1.1 ${status} `);
  expect(client.text.match(/HTTP\/1\.1 \d/g)?.length).toBe(1);
  expect(client.text.toLowerCase()).toContain('x-sluice-reason: ');
  expect(app.received().length).toBe(before);
  client.close();
});

const chunked = `POST /chunked HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n`;

/** The head is fine, so the application sees it; but the body ends there, and nothing behind it is a request. */
const badChunks: readonly (readonly [name: string, body: string])[] = [
  ['a size with 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['a size with a sign', '+5\r\nhello\r\n0\r\n\r\n'],
  ['a size behind a blank', ' 5\r\nhello\r\n0\r\n\r\n'],
  ['a blank behind a size', '5 \r\nhello\r\n0\r\n\r\n'],
  ['no size', '\r\nhello\r\n0\r\n\r\n'],
  ['a size beyond counting', 'fffffffffffffffff\r\nhello\r\n0\r\n\r\n'],
  ['a size ended by LF', '5\nhello\r\n0\r\n\r\n'],
  ['a size ended by CR', '5\rhello\r\n0\r\n\r\n'],
  ['an extension with a bare LF', '5;a\nb\r\nhello\r\n0\r\n\r\n'],
  ['an endless extension', `5;${'a'.repeat(300)}\r\nhello\r\n0\r\n\r\n`],
  ['contents longer than their size', '3\r\nhello\r\n0\r\n\r\n'],
  ['contents ended by LF', '5\r\nhello\n0\r\n\r\n'],
  ['a trailer with a bare LF', '5\r\nhello\r\n0\r\nX: 1\nY: 2\r\n\r\n'],
  ['a folded trailer', '5\r\nhello\r\n0\r\nX: 1\r\n y\r\n\r\n'],
  ['an endless trailer', `5\r\nhello\r\n0\r\nX: ${'a'.repeat(9_000)}`],
];

test.each(badChunks)('breaks off at %s', async (_name, body) => {
  const client = new RawClient(rig.port);
  client.send(`${chunked}${body}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
  await until(() => client.ended || client.closed);
  expect(app.received().slice(before)).not.toContain('/smuggled');
  expect(client.text.match(/HTTP\/1\.1 200/g)?.length ?? 0).toBeLessThanOrEqual(1);
  client.close();
});

test('a body on DELETE and OPTIONS keeps its framing', async () => {
  const client = new RawClient(rig.port);
  client.send(
    `DELETE /d HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n` +
      `OPTIONS /o HTTP/1.1\r\n${head}Content-Length: 3\r\n\r\ndefGET /g HTTP/1.1\r\n${head}Connection: close\r\n\r\n`,
  );
  await client.over();
  expect(client.text.match(/200 OK/g)?.length).toBe(3);
  const seen = app.received().slice(before);
  expect(seen).toMatch(/Transfer-Encoding: chunked\r\n(?:[^\r]+\r\n)*\r\n3\r\nabc\r\n0\r\n\r\n/);
  expect(seen).toMatch(/Content-Length: 3\r\n(?:[^\r]+\r\n)*\r\ndef/);
  client.close();
});

test('a request in single bytes is the same request', async () => {
  const client = new RawClient(rig.port);
  for (const byte of `POST /slow HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n`) {
    client.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.over();
  expect(client.text).toContain('200 OK');
  expect(app.received().slice(before)).toContain('\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n');
  client.close();
});
