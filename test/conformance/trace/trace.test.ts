import { describe, expect, test } from 'vitest';
import { differencesOf, surprises } from './compare.ts';
import { traceOfFake } from './fake-trace.ts';
import { knownDifferences } from './known-differences.ts';
import { recalled, withoutRepeats } from './recall.ts';
import { recordedTrace } from './recordings.ts';
import { scrubbed } from './scrub.ts';
import { type Json, textOfTrace, type Trace, type TraceStep } from './trace.ts';

describe('the fake', () => {
  test('does to the script what a real control plane did, but for what is known', async () => {
    const fake = await traceOfFake();
    const recorded = recordedTrace(fake.kubernetes);
    if (recorded === null) throw new Error(`Kubernetes ${fake.kubernetes} was never recorded`);
    expect(surprises(differencesOf(recorded, fake), knownDifferences)).toEqual([]);
    expect(textOfTrace(recorded).length).toBeLessThan(200_000);
    expect(recorded.chapters.flatMap(({ steps }) => steps).length).toBeGreaterThan(200);
  });
});

const traceOf = (steps: readonly TraceStep[]): Trace => ({
  kubernetes: 'v1.37',
  chapters: [{ chapter: 'one', steps }],
});
const objectStep = (step: string, object: Json): TraceStep => ({ step, outcome: { object } });
const object = (name: string, version: string, more: { readonly [name: string]: Json } = {}): Json => ({
  metadata: {
    name,
    uid: `00000000-0000-0000-0000-00000000000${name.length}`,
    resourceVersion: version,
    ...more,
  },
});

describe('the comparison', () => {
  const real = traceOf([
    objectStep('create', { data: { a: '1', gone: '1' }, list: ['x', 'y'] }),
    { step: 'refuse', outcome: { error: { code: 409 } } },
    { step: 'watch', outcome: { events: [{ type: 'ADDED', object: 'as in "create"' }] } },
  ]);
  const fake = traceOf([
    objectStep('create', { data: { a: '2', more: '1' }, list: ['x', 'z', 'y'] }),
    objectStep('refuse', { data: {} }),
    { step: 'watch', outcome: { events: [{ type: 'ADDED', object: 'as in "create"' }] } },
    { step: 'more', outcome: { done: true } },
  ]);

  test('names each place once, and objects that are only named are looked up', () => {
    expect(surprises(differencesOf(real, fake), []).join('\n')).toMatchInlineSnapshot(`
      "one: create
        object.data.a
          real: "1"
          fake: "2"
        object.data.gone
          real: "1"
          fake: (not there)
        object.data.more
          real: (not there)
          fake: "1"
        object.list
          real: []
          fake: ["z"]
      one: refuse
        error
          real: {"code":409}
          fake: (not there)
        object
          real: (not there)
          fake: {"data":{}}
      one: watch
        events[ADDED].object.data.a
          real: "1"
          fake: "2"
        events[ADDED].object.data.gone
          real: "1"
          fake: (not there)
        events[ADDED].object.data.more
          real: (not there)
          fake: "1"
        events[ADDED].object.list
          real: []
          fake: ["z"]
      one: more
        outcome
          real: (not there)
          fake: {"done":true}"
    `);
  });

  test('is silent about equal traces', () => {
    expect(differencesOf(real, real)).toEqual([]);
  });

  test('passes over what is known, and tells of what is known and is not so', () => {
    const known = [
      { step: 'one: *', path: '*', why: 'all' },
      { step: 'one: create', path: 'object.data.same', why: 'none' },
    ];
    expect(surprises(differencesOf(real, fake), known)).toEqual([
      'known difference that is none any longer: one: create at object.data.same',
    ]);
  });

  test('tells of events that are others, or in another order', () => {
    const events = (...types: readonly string[]): Trace =>
      traceOf([
        { step: 'watch', outcome: { events: types.map((type) => ({ type, object: object('a', '1') })) } },
      ]);
    expect(
      surprises(differencesOf(events('ADDED', 'DELETED'), events('DELETED', 'ADDED')), []),
    ).toMatchInlineSnapshot(`
        [
          "one: watch
          events
            real: ["ADDED a","DELETED a"]
            fake: ["DELETED a","ADDED a"]",
        ]
      `);
  });
});

describe('scrubbing', () => {
  test('keeps what uids, versions, instants, addresses and made names mean', () => {
    const steps: readonly TraceStep[] = [
      objectStep('create', {
        ...(object('made-x1y2z', '70', { generateName: 'made-', namespace: 'trace-abcd' }) as object),
        spec: { clusterIP: '10.96.3.4', time: '2026-02-03T04:05:06.123456Z', mine: '2001-01-01T00:00:00Z' },
      }),
      objectStep('again', object('b', '30')),
      {
        step: 'list',
        outcome: { list: { metadata: { resourceVersion: '50', continue: 'abc' }, items: [] } },
      },
      {
        step: 'refuse',
        outcome: {
          error: {
            message: 'made-x1y2z is invalid: [b, a]',
            details: { causes: [{ field: 'b' }, { field: 'a' }] },
          },
        },
      },
      {
        step: 'quote',
        outcome: {
          error: {
            message: 'Invalid value: "{"a":1}": strict; the ResourceVersion in record (70)',
          },
        },
      },
    ];
    expect(scrubbed(steps, '-abcd').map(({ outcome }) => outcome)).toMatchInlineSnapshot(`
      [
        {
          "object": {
            "metadata": {
              "generateName": "made-",
              "name": "made-?????",
              "namespace": "trace",
              "resourceVersion": "#2",
              "uid": "uid 10",
            },
            "spec": {
              "clusterIP": "address 1",
              "mine": "2001-01-01T00:00:00Z",
              "time": "0000-00-00T00:00:00.000000Z",
            },
          },
        },
        {
          "object": {
            "metadata": {
              "name": "b",
              "resourceVersion": "#1",
              "uid": "uid 1",
            },
          },
        },
        {
          "list": {
            "items": [],
            "metadata": {
              "continue": "…",
              "resourceVersion": "#1",
            },
          },
        },
        {
          "error": {
            "details": {
              "causes": [
                {
                  "field": "a",
                },
                {
                  "field": "b",
                },
              ],
            },
            "message": "made-????? is invalid: […]",
          },
        },
        {
          "error": {
            "message": "Invalid value: "{…}": strict; the ResourceVersion in record (…)",
          },
        },
      ]
    `);
  });

  test('shows owned fields by manager, whatever their order and time', () => {
    const entry = (manager: string, fields: Json, time: string): Json => ({
      manager,
      operation: 'Update',
      apiVersion: 'v1',
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: fields,
    });
    const one = entry('one', { 'f:data': { '.': {}, 'f:a': {} }, 'f:kind': {} }, '2026-01-01T00:00:01Z');
    const two = entry(
      'two',
      { 'f:spec': { 'f:list': { 'k:{"name":"x"}': { 'f:image': {} } }, 'f:set': { 'v:"y"': {} } } },
      '2026-01-01T00:00:02Z',
    );
    const shown = (managedFields: Json): Json =>
      scrubbed([objectStep('get', object('a', '1', { managedFields }))], '-').at(0)?.outcome as Json;
    expect(shown([one, two])).toEqual(shown([two, one]));
    expect(shown([one, two])).toMatchInlineSnapshot(`
      {
        "object": {
          "metadata": {
            "managedFields": {
              "Update one v1": [
                ": kind",
                "data: . a",
              ],
              "Update two v1": [
                "spec.list[name=x]: image",
                "spec.set: ["y"]",
              ],
            },
            "name": "a",
            "resourceVersion": "#1",
            "uid": "00000000000000000000000000000001",
          },
        },
      }
    `);
  });

  test('names objects that came before, and can bring them back', () => {
    const steps = [
      objectStep('create', object('a', '1')),
      objectStep('get', object('a', '1')),
      { step: 'watch', outcome: { events: [{ type: 'ADDED', object: object('a', '1') }] } },
    ];
    const short = withoutRepeats(steps);
    expect(short.slice(1).map(({ outcome }) => outcome)).toEqual([
      { object: 'as in "create"' },
      { events: [{ type: 'ADDED', object: 'as in "create"' }] },
    ]);
    expect(short.map(({ outcome }) => recalled(outcome, short))).toEqual(steps.map(({ outcome }) => outcome));
  });
});
