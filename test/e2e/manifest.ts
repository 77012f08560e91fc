import { join } from 'node:path';

export const app = join(import.meta.dirname, 'app.mjs');

export interface ManifestOptions {
  readonly name?: string;
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Lines under `analysis.steps`. */
  readonly steps?: readonly string[];
  /** More lines of the Process's spec, such as `replicas: 2`. */
  readonly process?: readonly string[];
  readonly command?: readonly string[];
  readonly interval?: string;
}

/** A service whose rollout takes seconds: checks twice a second, two steps of a second and a half. */
export function manifest(options: ManifestOptions): string {
  const {
    name = 'shop',
    port,
    env = {},
    steps = ['{ weight: 10, duration: 1500ms }', '{ weight: 50, duration: 1500ms }'],
    command = ['node', app],
    interval = '500ms',
  } = options;
  const variables = Object.entries({ VERSION: 'v1', ...env }).map(
    ([key, value]) => `${key}: ${JSON.stringify(value)}`,
  );
  return `apiVersion: sluice.dev/v1alpha1
kind: Process
metadata:
  name: ${name}
spec:
  command: ${JSON.stringify(command)}
  env: { ${variables.join(', ')} }
  replicas: 1
  readinessProbe: { httpGet: { path: /ready }, periodSeconds: 1 }
  terminationGracePeriodSeconds: 2
${(options.process ?? []).map((line) => `  ${line}\n`).join('')}---
apiVersion: sluice.dev/v1alpha1
kind: Canary
metadata:
  name: ${name}
spec:
  targetRef: { kind: Process, name: ${name} }
  service: { port: ${port} }
  promotion: bake
  bakeDuration: 500ms
  analysis:
    interval: ${interval}
    threshold: 2
    steps:
${steps.map((step) => `      - ${step}\n`).join('')}    metrics:
      - name: error-rate
        objective: 1 %
        interval: 2s
        minRequests: 3
`;
}
