import type { History } from '../analysis/history/history.ts';

/** A stream that lines are written to, with what the terminal rendering needs to know of it. */
export type TextStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

export interface UpOptions {
  readonly state: string;
  /** 0: any free port. */
  readonly apiPort: number;
  readonly detach: boolean;
  /** Manifests to apply once it is ready. */
  readonly files: readonly string[];
  readonly quiet: boolean;
  /** Webhook for alerts, with a Slack-like `text`; null = none. */
  readonly alertUrl: string | null;
}

export interface LoadtesterOptions {
  readonly state: string;
  readonly host: string;
  readonly port: number;
  /** Host names that webhooks use for it; registered with the engine of the state directory while it runs. */
  readonly names: readonly string[];
  /** Whole command lines that may run as programs. */
  readonly allowed: readonly string[];
}

/** What re-hashing an audit export found. */
export interface AuditVerification {
  readonly ok: boolean;
  readonly records: number;
  readonly message: string;
}

/** Which counters of the past are read; selectors are plain ones, without a range. */
export interface MetricHistoryRequest {
  /** Base URL of Prometheus. */
  readonly address: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly selectors: { readonly total?: string; readonly bad?: string; readonly buckets?: string };
  readonly fromMs: number;
  readonly toMs: number;
  readonly onProgress?: (readToMs: number) => void;
}

/** What a client saw of one request. */
export interface ClientResponse {
  /** null: no complete answer arrived. */
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly durationMs: number;
}

export interface SteadyLoadOptions {
  readonly url: string;
  readonly perSecond: number;
  readonly nextPath: () => string;
  readonly onResponse: (response: ClientResponse) => void;
  readonly signal: AbortSignal;
}

/** Something that `doctor` looked at. */
export interface DoctorFinding {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'error';
  readonly message: string;
  readonly cure: string | null;
}

/** What only the composition root can start, since a command may not import engine, platform or hooks. */
export interface LocalCommands {
  up(options: UpOptions): Promise<number>;
  /** Starts an engine in the background and resolves when it answers. Rejects with SluiceError, having printed nothing. */
  startEngine(state: string): Promise<void>;
  /** Ends what a dead engine left behind: the keeper with proxy and processes. True if there was something. */
  stopRemains(state: string): Promise<boolean>;
  load(args: readonly string[]): Promise<number>;
  /** Requests at a steady rate, never retried, until the signal. */
  steadyLoad(options: SteadyLoadOptions): Promise<void>;
  loadtester(options: LoadtesterOptions): Promise<number>;
  /** Re-hashes an export, a line a record. */
  verifyAudit(lines: AsyncIterable<string>): Promise<AuditVerification>;
  /** What a service's pods served, from the counters that Prometheus keeps. Rejects with SluiceError `metrics-unavailable`. */
  metricHistory(request: MetricHistoryRequest): Promise<History>;
  /** What only the platform knows: keeper, proxy workers, sockets. */
  inspectPlatform(state: string): Promise<readonly DoctorFinding[]>;
}

/** Everything the commands may know of the process they run in. Tests hand in their own. */
export interface CliHost {
  /** The folder of the examples that come with the program. */
  readonly examples: string;
  /** Without node and the script. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly version: string;
  nowMs(): number;
  /** Calls back on Ctrl-C; returns the cancel. While someone listens, the process does not end by itself. */
  onInterrupt(listener: () => void): () => void;
  readonly local: LocalCommands;
}
