/**
 * The process that holds a cluster for a person, in the background. `outside` is in the machine's network and starts `inside` in a namespace of
 * its own where it can; the API server is then reached at the same address from both, over a socket file, which knows no namespaces.
 * Either ends when the other does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify } from '../../src/platform/local/process/identity.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ControlPlane } from './control-plane.ts';
import { type KubeletHandle, startKubelet, whyNoKubelet } from './kubelet/start-kubelet.ts';
import { inNewNetwork } from './network.ts';
import { freePorts } from './ports.ts';
import { listen, relay } from './relay.ts';
import { startLocal } from './local-control-plane.ts';

const [, entry = '', role = '', folder = '', module = ''] = process.argv;
const socket = join(folder, 'api.sock');

/** What `inside` tells `outside` once all is ready. */
type Ready = Pick<ClusterState, 'kubeconfig' | 'server' | 'kubectl'>;

async function outside(): Promise<void> {
  // What a killed one left.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const [port = 0] = await freePorts(1);
  const command = [process.execPath, entry, 'inside', folder, module, String(port)];
  const network = inNewNetwork(command);
  const [program = '', ...args] = network?.command ?? command;
  const inner = spawn(program, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...network?.env },
  });
  inner.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit();
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => inner.connected && inner.disconnect());
  }
  const ready = await answerOf(inner);
  if (network !== null) await listen(relay({ path: socket }), { host: '127.0.0.1', port });
  const state: ClusterState = {
    ...ready,
    keeper: identify(process.pid),
    inside: network === null ? null : identify(inner.pid ?? 0),
  };
  writeFileSync(join(folder, 'state.json.new'), `${JSON.stringify(state, null, 2)}\n`);
  renameSync(join(folder, 'state.json.new'), join(folder, 'state.json'));
}

function answerOf(inner: ChildProcess): Promise<Ready> {
  return new Promise((resolve) => inner.once('message', (message) => resolve(message as Ready)));
}

async function inside(): Promise<void> {
  let plane: ControlPlane | null = null;
  let kubelet: KubeletHandle | null = null;
  const end = async (): Promise<void> => {
    await kubelet?.stop();
    await plane?.stop();
    process.exit();
  };
  process.on('disconnect', () => void end());
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  plane = await startLocal({
    ...(module === '' ? {} : { module }),
    folder: join(folder, 'control-plane'),
    port: Number(process.argv[5]),
    log: console.log,
  });
  if (whyNoKubelet(plane) === null) kubelet = await startKubelet(plane);
  if (plane.netns !== null) {
    await listen(relay({ host: '127.0.0.1', port: Number(new URL(plane.server).port) }), socket);
  }
  process.send?.({
    kubeconfig: plane.kubeconfig,
    server: plane.server,
    kubectl: plane.kubectl,
  } satisfies Ready);
}

await (role === 'inside' ? inside() : outside());
