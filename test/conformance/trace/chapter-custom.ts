import type { Resource } from '../../../src/kube/object.ts';
import { type AnyObject, as, crds } from '../kube-cluster.ts';
import type { Chapter, Scene } from './scene.ts';

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      'x-kubernetes-validations': [
        { rule: '!has(self.limit) || self.size <= self.limit', message: 'size must be at most limit' },
        { rule: 'self.size >= oldSelf.size', message: 'size never falls', fieldPath: '.size' },
      ],
      properties: {
        size: { type: 'integer', format: 'int32', minimum: 1, maximum: 100 },
        limit: { type: 'integer', format: 'int32' },
        ratio: { type: 'number', multipleOf: 0.5 },
        mode: { type: 'string', enum: ['fast', 'slow'], default: 'slow' },
        name: { type: 'string', minLength: 2, maxLength: 8, pattern: '^[a-z]*$' },
        port: { 'x-kubernetes-int-or-string': true },
        note: { type: 'string', nullable: true, default: 'none' },
        tags: { type: 'array', maxItems: 2, 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['id'],
          items: {
            type: 'object',
            required: ['id'],
            properties: { id: { type: 'string' }, weight: { type: 'integer', default: 1 } },
          },
        },
        labels: { type: 'object', additionalProperties: { type: 'integer' } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        replicas: { type: 'integer' },
      },
    },
    status: {
      type: 'object',
      properties: {
        replicas: { type: 'integer' },
        selector: { type: 'string' },
        epoch: {
          type: 'integer',
          'x-kubernetes-validations': [
            {
              rule: 'self >= oldSelf',
              message: 'a deposed leader writes no more',
              reason: 'FieldValueForbidden',
            },
          ],
        },
      },
    },
  },
};

/** A kind of our own: its definition, and what its schema does to objects. */
export const customChapter: Chapter = {
  name: 'custom resources',
  async run(scene) {
    const widgets = await define(scene);
    const since = await scene.now(widgets);
    await creations(scene, widgets);
    await changes(scene, widgets);
    await subresources(scene, widgets);
    await ownership(scene, widgets);
    await scene.create('create the last widget', widgets, widget(scene, widgets, 'last', { size: 1 }));
    await scene.events(widgets, since, 'ADDED last');
    await scene.done('remove the definition', scene.client.remove(crds, { name: crdName(widgets) }));
    await scene.untilGone(crds, crdName(widgets));
    await scene.list('list a kind that is gone', scene.client.list(widgets, { namespace: scene.namespace }));
  },
};

const crdName = ({ plural, group }: Resource): string => `${plural}.${group}`;

function definition(group: string, root: unknown, more: object = {}): AnyObject {
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: root },
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
    ...more,
    additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
      versions: [version],
    },
  };
}

async function define(scene: Scene): Promise<Resource> {
  const group = `trace${scene.suffix}.example.com`;
  const widgets = { group, version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true };
  const create = (step: string, object: AnyObject) => scene.create(step, crds, object);
  await create('define a kind without a type', definition(group, { properties: {} }));
  await create(
    'define a kind of a broken rule',
    definition(group, {
      type: 'object',
      'x-kubernetes-validations': [{ rule: 'self.' }],
    }),
  );
  await create('define a kind under another name', {
    ...definition(group, schema),
    metadata: { name: 'things.example.com' },
  });
  await create(
    'define a kind',
    definition(group, schema, { selectableFields: [{ jsonPath: '.spec.mode' }] }),
  );
  await scene.until('the kind is established', async () => {
    const { status } = await scene.client.get<AnyObject>(crds, { name: crdName(widgets) });
    const conditions = (status?.['conditions'] ?? []) as readonly {
      readonly type: string;
      readonly status: string;
    }[];
    return conditions.some(({ type, status: is }) => type === 'Established' && is === 'True');
  });
  await scene.get('get its definition', crds, crdName(widgets));
  await scene.until('the kind is served', () =>
    scene.client.list(widgets, { namespace: scene.namespace }).then(
      () => true,
      () => false,
    ),
  );
  return widgets;
}

function widget({ namespace }: Scene, { group, version }: Resource, name: string, spec: unknown): AnyObject {
  return {
    apiVersion: `${group}/${version}`,
    kind: 'Widget',
    metadata: { name, namespace },
    spec: spec as object,
  } as AnyObject;
}

async function creations(scene: Scene, widgets: Resource): Promise<void> {
  const create = (step: string, spec: unknown, name = 'wrong') =>
    scene.create(step, widgets, widget(scene, widgets, name, spec));
  await create('create', { size: 1, free: { any: [1, { b: null }] }, parts: [{ id: 'a' }], note: null }, 'w');
  await create('create with what is unknown', { size: 1, sise: 2, parts: [{ id: 'a', wait: 1 }] });
  await create('create with all that is wrong', {
    size: 0,
    ratio: 0.7,
    mode: 'odd',
    name: 'U',
    tags: ['a', 'a', 'b'],
    parts: [{ id: 'a' }, { id: 'a' }, {}],
    labels: { a: 'b' },
    port: true,
  });
  await create('create without what is required', {});
  await create('create with another type', { size: 'big' });
  await create('create with a list for an object', []);
  await create('create with too much', { size: 101, name: 'muchtoolong' });
  await create('create against a rule', { size: 5, limit: 4 });
  await create('create with null for a number', { size: null });
  await create('create a fraction', { size: 1.5 });
  await create('create with a number beyond its format', { size: 1, limit: 3_000_000_000 });
  await create('create with a fraction of no format', { size: 1, parts: [{ id: 'a', weight: 1.5 }] });
  await scene.create('create without a version', widgets, {
    ...widget(scene, widgets, 'wrong', { size: 1 }),
    apiVersion: 'v1',
  });
}

async function changes(scene: Scene, widgets: Resource): Promise<void> {
  const merge = (step: string, body: unknown) => scene.merge(step, widgets, 'w', body);
  await merge('merge', { spec: { size: 3, port: 'http', labels: { a: 1 } } });
  await merge('merge the same', { spec: { size: 3 } });
  await merge('merge a smaller size', { spec: { size: 2 } });
  await merge('merge what is unknown', { spec: { sise: 2 } });
  await merge('merge away what has a default', { spec: { mode: null, note: null } });
  await merge('merge away what is required', { spec: { size: null } });
  await scene.patch('patch a part', widgets, 'w', {
    type: 'json',
    body: [{ op: 'add', path: '/spec/parts/-', value: { id: 'b' } }],
  });
  await scene.patch('merge strategically', widgets, 'w', { type: 'strategic', body: { spec: { size: 4 } } });
  await scene.replace('replace without a resourceVersion', widgets, widget(scene, widgets, 'w', { size: 4 }));
  const now = await scene.get('get', widgets, 'w');
  await scene.replace('replace', widgets, { ...now, spec: { size: 4, limit: 9 } });
  await scene.replace('replace what was replaced', widgets, { ...now, spec: { size: 5 } });
  const where = { namespace: scene.namespace };
  await scene.list('list by mode', scene.client.list(widgets, { ...where, fieldSelector: 'spec.mode=slow' }));
  await scene.list('list by size', scene.client.list(widgets, { ...where, fieldSelector: 'spec.size=4' }));
}

async function subresources(scene: Scene, widgets: Resource): Promise<void> {
  const status = { ...as, subresource: 'status' } as const;
  const scale = { ...as, subresource: 'scale' } as const;
  const merge = (step: string, body: unknown, how: typeof as | typeof status | typeof scale) =>
    scene.merge(step, widgets, 'w', body, how);
  await merge('a status by the wrong door', { status: { epoch: 9 } }, as);
  await merge('merge a status', { status: { epoch: 3, replicas: 1, selector: 'app=w' } }, status);
  await merge('a spec by the door of status', { spec: { size: 50 } }, status);
  await merge('an epoch that falls', { status: { epoch: 2 } }, status);
  await merge('an unknown status', { status: { epoc: 4 } }, status);
  const path = `/apis/${widgets.group}/v1/namespaces/${scene.namespace}/widgets/w/scale`;
  await scene.object('get a scale', scene.client.raw(path));
  await merge('merge a scale', { spec: { replicas: 2 } }, scale);
  await merge('a scale of less than nothing', { spec: { replicas: -1 } }, scale);
  await scene.get('get what was scaled', widgets, 'w');
}

async function ownership(scene: Scene, widgets: Resource): Promise<void> {
  const apply = (step: string, who: string, spec: unknown, force = false) =>
    scene.apply(step, widgets, widget(scene, widgets, 'applied', spec), who, { force });
  await apply('apply', 'one', { size: 1, parts: [{ id: 'a', weight: 2 }], tags: ['x'] });
  await apply('another applies a part', 'two', { parts: [{ id: 'b' }], tags: ['y'] });
  await apply('another applies a size', 'two', { size: 2 });
  await apply('another takes the size', 'two', { size: 2 }, true);
  await apply('drop the part', 'one', { tags: ['x'] });
  await apply('apply what is unknown', 'one', { sise: 1 });
  await apply('apply what is wrong', 'two', { size: 0 });
}
