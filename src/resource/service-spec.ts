import type { Plan } from '../rollout/plan.ts';

/** A header or cookie condition of an A/B match. All conditions of one entry must hold; entries are alternatives. */
export interface MatchCondition {
  readonly source: 'header' | 'cookie' | 'query';
  /** Lower case for headers. */
  readonly name: string;
  readonly kind: 'exact' | 'prefix' | 'suffix' | 'regex' | 'present';
  readonly value: string;
}

/** The front of a service: where it listens and how requests are assigned to arms. */
export interface FrontSpec {
  readonly host: string;
  readonly port: number;
  /** Who is on the canary stays on it as the weight rises: bucket by this header or cookie, else at random per request. */
  readonly assignBy: { readonly source: 'header' | 'cookie'; readonly name: string } | null;
  /** Session affinity: once on the canary, a cookie keeps a client there while the weight is above 0. */
  readonly stickyCookie: { readonly name: string; readonly maxAgeSeconds: number } | null;
  readonly match: readonly (readonly MatchCondition[])[];
  /** Upstream limits. */
  readonly connectTimeoutMs: number;
  readonly responseTimeoutMs: number;
  /** Seconds; contains the latency limits in use. */
  readonly latencyBounds: readonly number[];
}

export interface ProbeSpec {
  readonly action:
    | {
        readonly kind: 'http';
        readonly path: string;
        readonly port: number | null;
        readonly host: string | null;
        readonly headers: Readonly<Record<string, string>>;
      }
    | { readonly kind: 'tcp'; readonly port: number | null }
    | { readonly kind: 'exec'; readonly command: readonly string[] };
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** What one replica on this machine runs: the snapshot of a `Process`. A null probe port is the replica's own `$PORT`. */
export interface ProcessTemplate {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string | null;
  /** Fixed port, or null: a free one, given in `$PORT`. */
  readonly port: number | null;
  readonly readinessProbe: ProbeSpec | null;
  readonly livenessProbe: ProbeSpec | null;
  readonly startupProbe: ProbeSpec | null;
  readonly preStop:
    | { readonly kind: 'exec'; readonly command: readonly string[] }
    | { readonly kind: 'sleep'; readonly seconds: number }
    | { readonly kind: 'http'; readonly path: string; readonly port: number | null }
    | null;
  readonly terminationGracePeriodSeconds: number;
}

/** A query for a `sample` check, rendered; run every `intervalMs` and added to the samples under the check's name. */
export interface MetricQuery {
  readonly provider: 'prometheus';
  /** Such as `http://127.0.0.1:9090`. */
  readonly address: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly intervalMs: number;
}

/** Everything the engine and the platform need of a user's resources: validated, defaulted, without a word of YAML. */
export interface ServiceSpec {
  readonly namespace: string;
  readonly name: string;
  /** Which API the Canary was written in. */
  readonly flavour: 'sluice' | 'flagger';
  readonly suspend: boolean;
  readonly front: FrontSpec;
  readonly plan: Plan;
  /** By the name of the check. Absent: every check is measured by the data plane. */
  readonly queries?: Readonly<Record<string, MetricQuery>>;
}
