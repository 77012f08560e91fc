import type { z } from 'zod';
import { createApi, openPaths } from '../../src/server/api.ts';
import {
  actionRequest,
  applyRequest,
  deployRequest,
  nameRequest,
  stopRequest,
} from '../../src/server/request-schemas.ts';
import { fakeApi } from '../../test/fakes/api-dependencies.ts';
import { code, madeFrom, page, table, textsFor } from './markdown.ts';
import { fieldRows, inputSchema } from './schema-fields.ts';

interface RouteText {
  readonly text: string;
  /** Schema of the JSON body. */
  readonly body?: z.ZodType;
  readonly query?: Readonly<Record<string, string>>;
}

const limitQuery = {
  after: 'only what comes after this sequence (0)',
  limit: 'at most so many, to 1000 (200)',
};

const routeTexts: Readonly<Record<string, RouteText>> = {
  'GET /healthz': { text: 'The engine lives.' },
  'GET /readyz': { text: 'The engine can act; 503 with one reason a line where it cannot.' },
  'GET /metrics': { text: 'The engine in the Prometheus text format.' },
  'GET /api/v1/services': { text: 'All services and where they are.' },
  'GET /api/v1/services/:namespace/:name': { text: 'One service in full, with its manifests and its plan.' },
  'GET /api/v1/services/:namespace/:name/why': {
    text: 'What it does and what it waits for, in one paragraph and as fields.',
  },
  'GET /api/v1/services/:namespace/:name/rollouts': {
    text: 'Its rollouts, the newest first.',
    query: { limit: 'at most so many, to 100 (10)' },
  },
  'GET /api/v1/services/:namespace/:name/events': {
    text: 'Its recorded events, in sequence.',
    query: limitQuery,
  },
  'POST /api/v1/services/:namespace/:name/deploy': {
    text: 'Asks for a new version. Answers with its revision.',
    body: deployRequest,
  },
  'POST /api/v1/services/:namespace/:name/enable': { text: 'Changes are rolled out again.' },
  'POST /api/v1/services/:namespace/:name/disable': { text: 'Changes go out as a plain rolling update.' },
  'DELETE /api/v1/services/:namespace/:name': {
    text: 'Removes the service; a running rollout is taken back first.',
  },
  'POST /api/v1/services/:namespace/:name/actions': {
    text: 'An action on its current rollout.',
    body: actionRequest,
  },
  'GET /api/v1/services/:namespace/:name/logs': {
    text: 'What its processes printed, one JSON object a line.',
    query: {
      lines: 'of each process to begin with, to 10000 (100)',
      follow: '`true` goes on with new lines',
      arm: '`stable` or `canary`',
      revision: 'only this one',
    },
  },
  'GET /api/v1/rollouts/:rollout': { text: 'One rollout by name.' },
  'GET /api/v1/rollouts/:rollout/measurements': {
    text: 'What its checks were judged on: counts of each arm and block.',
  },
  'POST /api/v1/rollouts/:rollout/actions': { text: 'An action on this rollout.', body: actionRequest },
  'POST /api/v1/apply': {
    text: 'Manifests in, services made or changed. With an error in one of them nothing is applied, and the answer has `findings`.',
    body: applyRequest,
  },
  'GET /api/v1/names': { text: 'Host names of webhooks that lead to this machine.' },
  'POST /api/v1/names': { text: 'Adds one.', body: nameRequest },
  'DELETE /api/v1/names/:name': { text: 'Forgets one.' },
  'GET /api/v1/engine': { text: 'The engine: version, process, state directory, troubles.' },
  'POST /api/v1/engine/stop': {
    text: 'Stops the engine; with `all` also proxy and processes, which drain first.',
    body: stopRequest,
  },
  'GET /api/v1/events': { text: 'All recorded events, in sequence.', query: limitQuery },
  'GET /api/v1/stream': {
    text:
      'Server-sent events: first all services, then each change and each recorded event. Send `Last-Event-ID` to go on where a ' +
      'connection broke off.',
    query: { service: 'only this one, as `namespace/name`' },
  },
  'GET /api/v1/audit': {
    text: 'The whole record, one JSON object a line, as `sluice audit verify` reads it.',
  },
};

/** All routes as the server has them; the fakes are never called. */
export function apiPage(): string {
  const routes = createApi(fakeApi().dependencies)
    .routes.filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path}`);
  const textOf = textsFor('route', routes, routeTexts);
  return page(
    madeFrom('src/server'),
    '# HTTP API',
    'The command speaks to the engine over this API and over nothing else. It listens on loopback; the file `engine.json` in the state ' +
      'directory says where.',
    [
      `- Every route but ${openPaths.map(code).join(' and ')} wants \`Authorization: Bearer TOKEN\`; the token is in the file \`token\` of the state directory.`,
      '- `Sluice-Actor: person:NAME` or `pipeline:NAME` is what the record shows.',
      '- A change has the content type `application/json`, also where it has no body, and at most 1 MiB.',
      '- Requests of web pages of another origin, and for a host that is not loopback, are refused.',
      '- An answer has `schema` and `kind`. Where it is no 2xx it is an [error](errors.md).',
      '- `X-Request-Id` of a request is kept; every answer has one.',
    ].join('\n'),
    table(
      ['route', 'does'],
      routes.map((route) => [linkOf(route, textOf(route)), textOf(route).text]),
    ),
    ...routes.flatMap((route) => section(route, textOf(route))),
  );
}

/** To the section of a route that has one. */
function linkOf(route: string, { body, query }: RouteText): string {
  if (body === undefined && query === undefined) return code(route);
  const anchor = route
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
  return `[${code(route)}](#${anchor})`;
}

/** What a request carries, where it carries something. */
function section(route: string, { body, query }: RouteText): readonly string[] {
  const tables: string[] = [];
  if (query !== undefined) {
    tables.push(
      table(
        ['query', 'means'],
        Object.entries(query).map(([name, means]) => [code(name), means]),
      ),
    );
  }
  if (body !== undefined) {
    const rows = fieldRows(inputSchema(body));
    tables.push(
      table(
        ['body', 'type', 'needed'],
        rows.map(({ path, type, required }) => [code(path), type, required ? 'yes' : '']),
      ),
    );
  }
  return tables.length === 0 ? [] : [`## ${code(route)}`, ...tables];
}
