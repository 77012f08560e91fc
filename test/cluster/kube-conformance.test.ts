import { afterAll, beforeAll } from 'vitest';
import { loadConfig } from '../../src/kube/config/load-config.ts';
import { createKubeClient } from '../../src/kube/rest/create-kube-client.ts';
import { kubeConformance } from '../conformance/kube.ts';
import type { ControlPlane } from './control-plane.ts';
import { startControlPlane } from './start-control-plane.ts';

let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane.stop());

kubeConformance('of Kubernetes', async () => {
  const client = createKubeClient(
    await loadConfig({ env: {}, homeFolder: '/', kubeconfig: plane.kubeconfig }),
  );
  return {
    client,
    wait: (forMs: number) => new Promise((resolve) => setTimeout(resolve, forMs)),
    dispose: () => client.close(),
  };
});
