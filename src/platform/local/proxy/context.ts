import type { ClientConnection } from './client-connection.ts';
import type { InFlightReporter } from './in-flight-reporter.ts';
import type { ProxyLimits } from './limits.ts';
import type { Watchdog } from './watchdog.ts';

/** What all connections of one worker share. */
export interface ProxyContext {
  readonly limits: ProxyLimits;
  readonly watchdog: Watchdog;
  readonly connections: Set<ClientConnection>;
  readonly inFlight: InFlightReporter;
  /** The worker is to end: no connection outlives its next answer. */
  draining: boolean;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
}
