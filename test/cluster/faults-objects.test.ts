import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject, Resource } from '../../src/kube/object.ts';
import { type AnyObject, as, configMaps, refusal } from '../conformance/kube-cluster.ts';
import { configOf, FaultScene } from '../kube-faults/fault-scene.ts';
import { objectLaws } from '../kube-faults/object-laws.ts';
import type { ControlPlane } from './control-plane.ts';
import { eventually } from './eventually.ts';
import { startControlPlane } from './start-control-plane.ts';

const secrets: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true };
const roles: Resource = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'roles',
  kind: 'Role',
  namespaced: true,
};
const bindings: Resource = { ...roles, plural: 'rolebindings', kind: 'RoleBinding' };
let plane: ControlPlane;
let opened: FaultScene | null = null;

beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane.stop());
afterEach(async () => opened?.close());

describe.runIf(process.env['USE_EXISTING_CLUSTER'] !== 'true')('what is taken away', () => {
  const open = async (namespace: string): Promise<FaultScene> => {
    opened = await FaultScene.open(await configOf(plane.kubeconfig), namespace);
    return opened;
  };

  objectLaws(open);

  test('403 on one of two kinds: it is named, the other one goes on, and a grant is enough', async () => {
    const scene = await open('limited');
    const { admin, namespace } = scene;
    const client = scene.client(await configOf(plane.userKubeconfig({ name: 'limited' })));
    const role = (resources: readonly string[]): AnyObject & { readonly rules: unknown } => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'limited', namespace },
      rules: [{ apiGroups: [''], resources, verbs: ['get', 'list', 'watch'] }],
    });
    await admin.create(roles, role(['configmaps']), as);
    await admin.create(bindings, binding(namespace), as);
    const allowed = scene.witness(client);
    const refused = scene.witness(client, secrets);
    await scene.churn.steps(5);
    await scene.hasAll(allowed);
    await eventually(() => (refused.problems.length >= 2 ? true : null));
    expect(refused.informer.synced).toBe(false);
    expect(refused.problems[0]?.message).toMatchInlineSnapshot(
      `"GET /api/v1/namespaces/limited/secrets: secrets is forbidden: User "limited" cannot watch resource "secrets" in API group "" in the namespace "limited"; allow it with a Role or ClusterRole and a binding"`,
    );
    await scene.churn.steps(5);
    await admin.apply(roles, role(['configmaps', 'secrets']), { ...as, force: true });
    await scene.holds(refused);
    await scene.hasAll(allowed);
    await admin.apply(roles, role(['secrets']), { ...as, force: true });
    await eventually(() => refusal(client.list(configMaps, { namespace })));
    scene.proxy.reset();
    await eventually(() => (allowed.problems.at(-1)?.message.includes('forbidden') === true ? true : null));
    await scene.churn.steps(10);
    await admin.apply(roles, role(['configmaps', 'secrets']), { ...as, force: true });
    await scene.hasAll(allowed);
    expect(allowed.runs.length).toBe(1);
  });
});

function binding(namespace: string): KubeObject & { readonly roleRef: unknown; readonly subjects: unknown } {
  const roleRef = { apiGroup: roles.group, kind: 'Role', name: 'limited' };
  const subjects = [{ apiGroup: roles.group, kind: 'User', name: 'limited' }];
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'limited', namespace },
    roleRef,
    subjects,
  };
}
