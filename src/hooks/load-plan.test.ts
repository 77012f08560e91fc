import { expect, test } from 'vitest';
import { parseLoadCommand } from './load-plan.ts';

test("reads the seed document's command", () => {
  expect(parseLoadCommand('hey -z 1m -q 10 -c 2 http://ecommerce-api-canary/health')).toMatchInlineSnapshot(`
    {
      "ok": true,
      "value": {
        "body": null,
        "concurrency": 2,
        "durationMs": 60000,
        "headers": {},
        "keepAlive": true,
        "method": "GET",
        "ratePerWorker": 10,
        "requests": null,
        "timeoutMs": 20000,
        "url": "http://ecommerce-api-canary/health",
      },
    }
  `);
});

test('reads every option of hey that means something here', () => {
  const command = `hey -n 10 -c=3 -t 5 -m post -H "X-A: 1" -A text/html -T text/plain -a u:p -d 'b' -host h -disable-keepalive --disable-compression -cpus 2 -o csv https://a/`;
  expect(parseLoadCommand(command)).toMatchInlineSnapshot(`
    {
      "ok": true,
      "value": {
        "body": "b",
        "concurrency": 3,
        "durationMs": null,
        "headers": {
          "accept": "text/html",
          "authorization": "Basic dTpw",
          "content-type": "text/plain",
          "host": "h",
          "x-a": "1",
        },
        "keepAlive": false,
        "method": "POST",
        "ratePerWorker": null,
        "requests": 10,
        "timeoutMs": 5000,
        "url": "https://a/",
      },
    }
  `);
});

test.each([
  [
    'wrk http://a/',
    '"wrk" is not run: the load tester understands hey command lines and runs them itself, without a shell',
  ],
  ['hey', '"" is not an http or https URL'],
  ['hey ftp://a', '"ftp://a" is not an http or https URL'],
  ['hey -c 0 http://a', '-c takes a whole number from 1 to 1000, not "0"'],
  ['hey -c 5000 http://a', '-c takes a whole number from 1 to 1000, not "5000"'],
  ['hey -z 2h http://a', '-z is at most 1h'],
  ['hey -z soon http://a', '"soon" is not a duration: write a number and a unit, such as 30s, 5m or 1m30s'],
  ['hey -q -1 http://a', '-q takes requests a second of each worker, not "-1"'],
  ['hey -x http://p http://a', '"-x" is not an option that the generator knows'],
  ['hey -n', '-n needs a value'],
  ['hey -H bad http://a', '-H takes "Name: value", not "bad"'],
  ['hey http://a http://b', 'one URL only: "http://a" and "http://b"'],
])('refuses %s', (command, error) => {
  expect(parseLoadCommand(command)).toEqual({ ok: false, error });
});
