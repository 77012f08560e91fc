import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubectlOptions {
  /** An object is sent as JSON for `-f -`. */
  readonly input?: object;
  /** Of another user than the admin. */
  readonly kubeconfig?: string;
}

/** Runs kubectl as a person would; never rejects for what the cluster says. */
export function kubectl(
  plane: ControlPlane,
  args: readonly string[],
  { input, kubeconfig = plane.kubeconfig }: KubectlOptions = {},
): Promise<KubectlResult> {
  // What kinds there are is cached by server address, and another cluster may have had the same one.
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: join(plane.folder, 'kubectl-cache'),
    KUBERC: 'off',
  };
  const child = spawn(plane.kubectl, args, { env, stdio: 'pipe' });
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (part: string) => {
      text[stream] += part;
    });
  }
  child.stdin.end(input === undefined ? '' : JSON.stringify(input));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, ...text }));
  });
}

/** The JSON that a command prints; throws with what kubectl says if it fails. */
export async function kubectlJson<Answer>(
  plane: ControlPlane,
  args: readonly string[],
  options: KubectlOptions = {},
): Promise<Answer> {
  const { code, stdout, stderr } = await kubectl(plane, [...args, '--output=json'], options);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  return JSON.parse(stdout) as Answer;
}
