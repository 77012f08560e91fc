import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { upstreamHead } from './forwarding.ts';
import { parseRequestHead } from './request-head.ts';

test('reads a head', () => {
  const head = parseRequestHead(
    'POST /a?b HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade, X-One\r\nUpgrade: websocket\r\nX-One:  a b \r\nTransfer-Encoding: Chunked\r\n',
  );
  expect({ ...head, text: '', fields: [] }).toMatchInlineSnapshot(`
    {
      "acceptsTrailers": false,
      "connectionNames": Set {
        "x-one",
      },
      "expectContinue": false,
      "fields": [],
      "framing": {
        "kind": "chunked",
      },
      "keepAlive": true,
      "method": "POST",
      "minor": 1,
      "target": "/a?b",
      "text": "",
      "upgrade": "",
    }
  `);
});

test('what is sent on reads as the same request, with one host and one framing', () => {
  const name = fc.constantFrom(
    'Accept',
    'X-A',
    'x_b',
    'Cookie',
    'Connection',
    'TE',
    'Content-Length',
    'Transfer-Encoding',
    'Forwarded',
    'Expect',
  );
  const value = fc.constantFrom(
    '',
    '1',
    '0',
    'chunked',
    'close',
    'X-A',
    'trailers',
    '100-continue',
    'a, b',
    '\xe9',
    'a\tb',
  );
  const lines = fc.array(fc.tuple(name, value), { maxLength: 8 });
  fc.assert(
    fc.property(lines, fc.constantFrom('GET', 'POST', 'DELETE'), (fields, method) => {
      const head = parseRequestHead(
        `${method} /p HTTP/1.1\r\nHost: h\r\n${fields.map(([n, v]) => `${n}: ${v}\r\n`).join('')}`,
      );
      if ('reason' in head) return;
      const sent = upstreamHead(head, '10.0.0.1', 'fallback:1');
      const again = parseRequestHead(sent.slice(0, -2));
      if ('reason' in again) throw new Error(`${again.reason}: ${sent}`);
      expect(again.framing).toEqual(head.framing);
      expect(again.target).toBe('/p');
      expect(
        again.fields.filter((field) => field.name === 'x-forwarded-for').map((field) => field.value),
      ).toEqual(['10.0.0.1']);
      expect(again.fields.some((field) => field.name === 'forwarded')).toBe(false);
    }),
  );
});

test('whatever comes, it answers and does not throw', () => {
  const piece = fc.constantFrom(
    'GET',
    ' ',
    '/',
    'HTTP/1.1',
    '\r\n',
    '\r',
    '\n',
    'Host',
    ':',
    'a',
    '\0',
    '\t',
    'Content-Length: 1',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const head = parseRequestHead(`${pieces.join('')}\r\n`);
      if ('reason' in head) expect(head.status).toBeGreaterThanOrEqual(400);
      else expect(head.target.startsWith('/')).toBe(true);
    }),
  );
});
