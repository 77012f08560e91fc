import { expect, test } from 'vitest';
import { fakeApi, fakeToken } from '../../test/fakes/api-dependencies.ts';
import { sampleEvent } from '../../test/fakes/records.ts';
import { createApi, openPaths } from './api.ts';

const authorized = { authorization: `Bearer ${fakeToken}` };
const json = { ...authorized, 'content-type': 'application/json', 'sluice-actor': 'person:ada' };

const manifest = `apiVersion: sluice.dev/v1alpha1
kind: Process
metadata: { name: web }
spec:
  command: [node, server.mjs]
  listen: { port: 8080 }
`;

/** Routes as a client would call them; middleware is registered under `*` and is no route. */
function routesOf(api: ReturnType<typeof createApi>): readonly { method: string; path: string }[] {
  return api.routes
    .filter(({ method, path }) => method !== 'ALL' && !path.includes('*'))
    .map(({ method, path }) => ({ method, path }));
}

test('the routes', () => {
  const api = createApi(fakeApi().dependencies);
  expect(routesOf(api).map(({ method, path }) => `${method} ${path}`)).toMatchInlineSnapshot(`
    [
      "GET /healthz",
      "GET /readyz",
      "GET /metrics",
      "GET /api/v1/services",
      "GET /api/v1/services/:namespace/:name",
      "GET /api/v1/services/:namespace/:name/why",
      "GET /api/v1/services/:namespace/:name/rollouts",
      "GET /api/v1/services/:namespace/:name/events",
      "POST /api/v1/services/:namespace/:name/deploy",
      "POST /api/v1/services/:namespace/:name/enable",
      "POST /api/v1/services/:namespace/:name/disable",
      "DELETE /api/v1/services/:namespace/:name",
      "POST /api/v1/services/:namespace/:name/actions",
      "GET /api/v1/services/:namespace/:name/logs",
      "GET /api/v1/rollouts/:rollout",
      "GET /api/v1/rollouts/:rollout/measurements",
      "POST /api/v1/rollouts/:rollout/actions",
      "POST /api/v1/apply",
      "GET /api/v1/names",
      "POST /api/v1/names",
      "DELETE /api/v1/names/:name",
      "GET /api/v1/engine",
      "POST /api/v1/engine/stop",
      "GET /api/v1/events",
      "GET /api/v1/stream",
      "GET /api/v1/audit",
    ]
  `);
});

test('every route but the open ones wants the token', async () => {
  const { dependencies, commands } = fakeApi();
  const api = createApi(dependencies);
  const answers: string[] = [];
  for (const { method, path } of routesOf(api)) {
    const url = path.replaceAll(/:(\w+)/g, 'x');
    const headers = { 'content-type': 'application/json' };
    const body = method === 'GET' || method === 'DELETE' ? {} : { body: '{}' };
    const none = await api.request(url, { method, headers, ...body });
    const wrong = await api.request(url, {
      method,
      headers: { ...headers, authorization: `Bearer ${fakeToken}x` },
      ...body,
    });
    if (openPaths.includes(path)) answers.push(`${method} ${path} ${none.status}`);
    else expect([none.status, wrong.status], `${method} ${path}`).toEqual([401, 401]);
  }
  expect(answers).toEqual(['GET /healthz 200', 'GET /readyz 200']);
  expect(commands.asked).toEqual([]);
});

test('a path that does not exist tells nothing without the token', async () => {
  const api = createApi(fakeApi().dependencies);
  expect((await api.request('/api/v1/nothing')).status).toBe(401);
  expect((await api.request('/api/v1/nothing', { headers: authorized })).status).toBe(404);
});

test('a service and its rollout', async () => {
  const api = createApi(fakeApi().dependencies);
  const answer = await api.request('/api/v1/services/default/checkout', { headers: authorized });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(await answer.json()).toMatchInlineSnapshot(`
    {
      "kind": "Service",
      "nowMs": 1903867200000,
      "plan": {
        "approvalBeforePromotion": false,
        "bakeMs": 60000,
        "canaryReadyPercent": 100,
        "canarySize": "share",
        "drainMs": 30000,
        "hooks": [],
        "judging": {
          "checks": [
            {
              "limit": {
                "max": 0.1,
              },
              "measure": {
                "kind": "errorShare",
              },
              "minRequests": 50,
              "name": "error-rate",
              "shownScale": 1,
              "shownUnit": "%",
              "windowMs": 60000,
            },
          ],
          "failAt": "atOnce",
          "failureThreshold": 3,
          "intervalMs": 60000,
          "judge": "threshold",
          "onNoData": "wait",
        },
        "onInconclusive": "hold",
        "progressDeadlineMs": 600000,
        "promotion": "bake",
        "replicas": 4,
        "roll": {
          "kind": "rolling",
          "maxSurge": 1,
          "maxUnavailable": 0,
          "minReadySeconds": 0,
        },
        "semantics": "sluice",
        "skipAnalysis": false,
        "slowAfterMs": null,
        "stableReadyPercent": 100,
        "steps": [
          {
            "approval": false,
            "holdMs": 300000,
            "maxMs": null,
            "minPasses": 0,
            "minRequests": 0,
            "routing": {
              "kind": "weight",
              "weightPercent": 10,
            },
          },
          {
            "approval": false,
            "holdMs": 600000,
            "maxMs": null,
            "minPasses": 0,
            "minRequests": 0,
            "routing": {
              "kind": "weight",
              "weightPercent": 25,
            },
          },
          {
            "approval": false,
            "holdMs": 900000,
            "maxMs": null,
            "minPasses": 0,
            "minRequests": 0,
            "routing": {
              "kind": "weight",
              "weightPercent": 50,
            },
          },
        ],
        "strategy": "Canary",
        "verifyWithinMs": 10000,
        "version": 1,
        "waitsForForecast": false,
      },
      "schema": "sluice.dev/view/v1",
      "sequence": 0,
      "service": {
        "address": "http://127.0.0.1:8080",
        "arms": [
          {
            "arm": "stable",
            "available": 4,
            "failure": null,
            "inFlight": 3,
            "ready": 4,
            "replicas": 4,
            "restarts": 0,
            "revision": {
              "label": "2.8.1",
              "revision": "55bb",
            },
          },
          {
            "arm": "canary",
            "available": 1,
            "failure": null,
            "inFlight": 1,
            "ready": 1,
            "replicas": 1,
            "restarts": 0,
            "revision": {
              "label": "2.9.0",
              "revision": "77aa",
            },
          },
        ],
        "deleting": false,
        "disabled": false,
        "flavour": "sluice",
        "generation": 4,
        "key": "default/checkout",
        "name": "checkout",
        "namespace": "default",
        "phase": "Progressing",
        "previous": null,
        "problem": null,
        "promoted": {
          "label": "2.8.1",
          "revision": "55bb",
        },
        "rollout": {
          "attempt": 1,
          "checks": [],
          "createdBy": {
            "kind": "person",
            "name": "ada",
          },
          "deadlineMs": null,
          "decidedAtMs": null,
          "decidedBy": null,
          "detectedAtMs": null,
          "endedAtMs": null,
          "endsAtMs": 1903868400000,
          "failedChecks": {
            "allowed": 3,
            "used": null,
          },
          "from": {
            "label": "2.8.1",
            "revision": "55bb",
          },
          "judge": {
            "evidence": null,
            "guarantee": "The judge threshold promises nothing about how rarely a healthy release is taken back.",
            "name": "threshold",
            "sentence": null,
            "shadows": [],
          },
          "message": "6 of 10 minutes judged, all checks pass",
          "name": "checkout-77aa-1",
          "nextAtMs": 1903867440000,
          "onsetAtMs": null,
          "outcome": null,
          "owner": "controller",
          "phase": "Progressing",
          "reason": "holding",
          "restoredAtMs": null,
          "revision": {
            "label": "2.9.0",
            "revision": "77aa",
          },
          "sinceMs": 1903866840000,
          "skipped": [],
          "startedAtMs": 1903866480000,
          "state": "Holding",
          "step": 1,
          "steps": [
            {
              "approval": false,
              "forecastRequests": 0,
              "heldMs": 300000,
              "holdMs": 300000,
              "index": 0,
              "minRequests": 0,
              "requests": null,
              "routing": {
                "kind": "weight",
                "weightPercent": 10,
              },
              "status": "done",
            },
            {
              "approval": false,
              "forecastRequests": 0,
              "heldMs": 360000,
              "holdMs": 600000,
              "index": 1,
              "minRequests": 0,
              "requests": null,
              "routing": {
                "kind": "weight",
                "weightPercent": 25,
              },
              "status": "current",
            },
            {
              "approval": false,
              "forecastRequests": 0,
              "heldMs": 0,
              "holdMs": 900000,
              "index": 2,
              "minRequests": 0,
              "requests": null,
              "routing": {
                "kind": "weight",
                "weightPercent": 50,
              },
              "status": "next",
            },
          ],
          "strategy": "Canary",
          "traffic": {
            "actual": {
              "kind": "weight",
              "weightPercent": 25,
            },
            "evidence": "programmed",
            "inForce": true,
            "inForceSinceMs": 1903866840000,
            "set": {
              "kind": "weight",
              "weightPercent": 25,
            },
            "tombstone": false,
          },
          "uid": "u-1",
          "weightsInForce": [
            10,
            25,
          ],
        },
        "suspended": false,
        "traffic": {
          "actual": {
            "kind": "weight",
            "weightPercent": 25,
          },
          "evidence": "programmed",
          "inForce": true,
          "inForceSinceMs": 1903866840000,
          "set": {
            "kind": "weight",
            "weightPercent": 25,
          },
          "tombstone": false,
        },
        "wanted": {
          "label": "2.9.0",
          "revision": "77aa",
        },
      },
      "source": [
        "apiVersion: sluice.dev/v1alpha1
    kind: Process
    metadata: { name: checkout }
    spec:
      command: [node, server.mjs]
      listen: { port: 8090 }
    ",
      ],
    }
  `);
});

test('commands carry who sent them', async () => {
  const { dependencies, commands } = fakeApi();
  const api = createApi(dependencies);
  const post = async (path: string, body: unknown, headers: Record<string, string> = json): Promise<number> =>
    (await api.request(path, { method: 'POST', headers, body: JSON.stringify(body) })).status;
  const base = '/api/v1/services/default/checkout';
  expect(await post(`${base}/actions`, { action: 'rollback', reason: 'looks wrong' })).toBe(200);
  expect(await post('/api/v1/rollouts/checkout-77aa-1/actions', { action: 'approve' })).toBe(200);
  expect(await post(`${base}/deploy`, { set: { env: { VERSION: 'v2' } } })).toBe(200);
  expect(await post(`${base}/enable`, {})).toBe(200);
  expect(await post(`${base}/disable`, {}, { ...json, 'sluice-actor': 'pipeline:ci-17' })).toBe(200);
  expect(await post('/api/v1/apply', { files: [{ file: 'a.yaml', text: manifest }] })).toBe(200);
  const deleted = await api.request(base, { method: 'DELETE', headers: { ...json, 'sluice-actor': 'root' } });
  expect(deleted.status).toBe(200);
  expect(commands.asked).toMatchInlineSnapshot(`
    [
      "rollback default/checkout looks wrong by person ada",
      "approve checkout-77aa-1 by person ada",
      "deploy default/checkout f5a14493a9 by person ada",
      "enable default/checkout by person ada",
      "disable default/checkout by pipeline ci-17",
      "apply default/web by person ada",
      "delete default/checkout by person api",
    ]
  `);
});

test('a dry run applies nothing', async () => {
  const { dependencies, commands } = fakeApi();
  const body = JSON.stringify({ files: [{ file: 'a.yaml', text: manifest }], dryRun: true });
  const answer = await createApi(dependencies).request('/api/v1/apply', {
    method: 'POST',
    headers: json,
    body,
  });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ services: [{ change: 'created' }] });
  expect(commands.asked).toEqual([]);
});

test('a broken manifest is refused with its findings', async () => {
  const { dependencies, commands } = fakeApi();
  const body = JSON.stringify({ files: [{ file: 'a.yaml', text: 'kind: [Canary' }] });
  const answer = await createApi(dependencies).request('/api/v1/apply', {
    method: 'POST',
    headers: { ...json, 'x-request-id': 'r-1' },
    body,
  });
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchInlineSnapshot(`
    {
      "code": "invalid-resource",
      "cure": "Run "sluice lint FILE" and apply the edits that it prints.",
      "findings": [
        {
          "code": "yaml-syntax",
          "column": 14,
          "file": "a.yaml",
          "fix": "correct the syntax; indent with spaces, and quote text with special characters",
          "line": 1,
          "message": "This is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ].",
          "severity": "error",
          "why": "The file cannot be read, so nothing in it takes effect.",
        },
      ],
      "kind": "Error",
      "message": "1 error in the manifests: a.yaml:1: This is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ].",
      "requestId": "r-1",
      "retry": "no",
      "schema": "sluice.dev/view/v1",
    }
  `);
  expect(commands.asked).toEqual([]);
});

test('an unexpected error keeps its text in the log', async () => {
  const { dependencies, logged } = fakeApi();
  const api = createApi({
    ...dependencies,
    lastSequence: () => {
      throw new Error('password=hunter2');
    },
  });
  const answer = await api.request('/api/v1/services', { headers: authorized });
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain('hunter2');
  expect(logged.join('\n')).toContain('hunter2');
});

test('bad requests', async () => {
  const api = createApi(fakeApi().dependencies);
  const post = async (path: string, init: RequestInit): Promise<string> => {
    const answer = await api.request(path, { method: 'POST', ...init });
    const { code, message } = (await answer.json()) as { code: string; message: string };
    return `${answer.status} ${code}: ${message}`;
  };
  const actions = '/api/v1/services/default/checkout/actions';
  const good = JSON.stringify({ action: 'pause' });
  expect([
    await post(actions, { headers: json, body: '{' }),
    await post(actions, { headers: json, body: '{"action":"explode"}' }),
    await post(actions, { headers: json, body: '{"action":"pause","sudo":true}' }),
    await post(actions, { headers: { ...json, 'content-type': 'text/plain' }, body: good }),
    await post(actions, { headers: { ...json, origin: 'https://evil.example' }, body: good }),
    await post(actions, { headers: { ...json, 'sec-fetch-site': 'cross-site' }, body: good }),
    await post(`http://sluice.evil.example${actions}`, { headers: json, body: good }),
    await post(actions, { headers: json, body: `"${'x'.repeat(1024 * 1024)}"` }),
    await post('/api/v1/services/default/nobody/actions', { headers: json, body: good }),
    await post('/api/v1/services/default/checkout/deploy', { headers: json, body: '{"set":{}}' }),
    await post('/api/v1/services/default/checkout/deploy', {
      headers: json,
      body: '{"set":{"env":{"A=B":"c"}}}',
    }),
    await post('/api/v1/names', { headers: json, body: '{"name":"tester.test","url":"file:///etc/passwd"}' }),
  ]).toMatchInlineSnapshot(`
    [
      "400 usage: the request body is not JSON",
      "400 usage: action: Invalid option: expected one of "promote"|"advance"|"pause"|"resume"|"rollback"|"retry"|"approve"|"reject"",
      "400 usage: the request body: Unrecognized key: "sudo"",
      "400 usage: a change must have the content type application/json",
      "403 forbidden: a page of https://evil.example may not call this API",
      "403 forbidden: a page of another site may not call this API",
      "403 forbidden: the host sluice.evil.example is not this machine",
      "413 payload-too-large: the request body is over 1048576 bytes",
      "404 not-found: there is no service default/nobody",
      "400 usage: set: nothing to set: give command, args or env",
      "400 usage: set.env.A=B: Invalid key in record",
      "400 usage: url: Invalid URL",
    ]
  `);
  const limit = await api.request('/api/v1/events?limit=-1', { headers: authorized });
  expect(limit.status).toBe(400);
});

test('health says whether it is ready, and why not', async () => {
  const { dependencies } = fakeApi();
  const api = createApi({ ...dependencies, notReady: () => ['the keeper does not answer'] });
  expect((await api.request('/healthz')).status).toBe(200);
  const ready = await api.request('/readyz');
  expect([ready.status, await ready.text()]).toEqual([503, 'the keeper does not answer\n']);
});

test('metrics as text', async () => {
  const { dependencies, recorder } = fakeApi();
  recorder.record(sampleEvent(1));
  const answer = await createApi(dependencies).request('/metrics', { headers: authorized });
  const lines = (await answer.text()).split('\n');
  expect(
    lines.filter((line) => !line.includes('rollout_state{') || line.includes('Holding')),
  ).toMatchInlineSnapshot(`
    [
      "# HELP sluice_rollout_state 1 for the state that a running rollout is in.",
      "# TYPE sluice_rollout_state gauge",
      "sluice_rollout_state{namespace="default",name="checkout",state="Holding"} 1",
      "# HELP sluice_canary_weight_percent Weight that is asked for, and that is proven in force.",
      "# TYPE sluice_canary_weight_percent gauge",
      "sluice_canary_weight_percent{namespace="default",name="checkout",kind="set"} 25",
      "sluice_canary_weight_percent{namespace="default",name="checkout",kind="in_force"} 25",
      "# HELP sluice_arm_ready_replicas Ready replicas of an arm.",
      "# TYPE sluice_arm_ready_replicas gauge",
      "sluice_arm_ready_replicas{namespace="default",name="checkout",arm="stable"} 4",
      "sluice_arm_ready_replicas{namespace="default",name="checkout",arm="canary"} 1",
      "# HELP sluice_events_total Events recorded since the state directory was made.",
      "# TYPE sluice_events_total counter",
      "sluice_events_total 1",
      "",
    ]
  `);
});

test('the audit export is every event, a line each', async () => {
  const { dependencies, recorder } = fakeApi();
  for (let sequence = 1; sequence <= 1_201; sequence++) recorder.record(sampleEvent(sequence));
  const answer = await createApi(dependencies).request('/api/v1/audit', { headers: authorized });
  const lines = (await answer.text()).trimEnd().split('\n');
  expect(lines).toHaveLength(1_201);
  expect(JSON.parse(lines[1_200] ?? '')).toEqual(sampleEvent(1_201));
});

test('names are registered, listed and forgotten', async () => {
  const api = createApi(fakeApi().dependencies);
  const body = JSON.stringify({ name: 'flagger-loadtester.test', url: 'http://127.0.0.1:9090' });
  await api.request('/api/v1/names', { method: 'POST', headers: json, body });
  const names = async (): Promise<unknown> =>
    ((await (await api.request('/api/v1/names', { headers: authorized })).json()) as { names: unknown })
      .names;
  expect(await names()).toEqual([{ name: 'flagger-loadtester.test', url: 'http://127.0.0.1:9090' }]);
  await api.request('/api/v1/names/flagger-loadtester.test', { method: 'DELETE', headers: json });
  expect(await names()).toEqual([]);
});

test('stopping is told to the engine', async () => {
  const { dependencies, stopped } = fakeApi();
  const api = createApi(dependencies);
  await api.request('/api/v1/engine/stop', { method: 'POST', headers: json, body: '{"all":true}' });
  expect(stopped).toEqual([true]);
});
