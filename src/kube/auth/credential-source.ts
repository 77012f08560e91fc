import type { Clock } from '../clock.ts';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { configurationError } from '../config/configuration-error.ts';
import type { Environment } from '../config/load-config.ts';
import type { Report } from '../report.ts';
import { type CredentialSource, fixedCredential } from './credential.ts';
import { execInfo } from './exec-credential.ts';
import { ExecSource } from './exec-source.ts';
import { runPlugin } from './run-plugin.ts';
import { TokenFile } from './token-file.ts';

export interface CredentialOptions {
  readonly clock: Clock;
  /** Of exec plugins: PATH, HOME, AWS_PROFILE. */
  readonly env: Environment;
  /** A person sits at our terminal whom a plugin may ask. */
  readonly interactive: boolean;
  readonly execTimeoutMs: number;
  readonly rereadMs: number;
  /** Of a token file that cannot be read any more. */
  readonly report: Report;
  /** The cluster's authority, for plugins that want it. */
  readonly readCa: () => Promise<string | null>;
}

export function credentialSource(cluster: ClusterConfig, options: CredentialOptions): CredentialSource {
  const { identity } = cluster;
  const { clock, env, execTimeoutMs, readCa, rereadMs } = options;
  switch (identity.kind) {
    case 'none':
      return fixedCredential(
        cluster.certificate === null ? 'no credentials at all' : 'the client certificate',
        null,
      );
    case 'token':
      return fixedCredential(`the token of ${cluster.description}`, `Bearer ${identity.token}`);
    case 'basic': {
      const pair = Buffer.from(`${identity.username}:${identity.password}`).toString('base64');
      return fixedCredential(`the password of ${cluster.description}`, `Basic ${pair}`);
    }
    case 'tokenFile':
      return new TokenFile(identity.path, clock, rereadMs, options.report);
    case 'exec': {
      const { plugin } = identity;
      const interactive = options.interactive && plugin.interactiveMode !== 'Never';
      const run = async (): Promise<string> => {
        if (plugin.interactiveMode === 'Always' && !interactive) {
          throw configurationError(
            `the exec plugin ${plugin.command} wants to ask a person (interactiveMode: Always) and there is no terminal; use another way to log in here`,
          );
        }
        const info = execInfo(
          plugin,
          cluster,
          plugin.provideClusterInfo ? await readCa() : null,
          interactive,
        );
        return await runPlugin(plugin, { env, execInfo: info, interactive, timeoutMs: execTimeoutMs, clock });
      };
      return new ExecSource(plugin, clock, run);
    }
  }
}
