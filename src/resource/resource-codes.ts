import { type FindingCodeEntry, findingCode } from './finding-code-entry.ts';

/** Codes that reading, checking and compiling resources give; those of the linter are in `lint/lint-codes.ts`. */
export const resourceCodes = {
  'yaml-syntax': findingCode('error', 'reading', 'The file cannot be read, so nothing in it takes effect.'),
  'yaml-duplicate-key': findingCode(
    'error',
    'reading',
    'Readers disagree on which of two equal keys counts.',
  ),
  'yaml-alias-bomb': findingCode('error', 'reading', 'Aliases that expand without bound exhaust memory.'),
  'yaml-too-large': findingCode(
    'error',
    'reading',
    'A manifest of this size is a mistake, and would block the reader.',
  ),
  'yaml-not-a-mapping': findingCode(
    'error',
    'reading',
    'A resource is a mapping with apiVersion, kind, metadata and spec.',
  ),
  'yaml-empty': findingCode('warning', 'reading', 'There is nothing in the file to apply.'),
  'duplicate-resource': findingCode(
    'error',
    'reading',
    'Two documents describe one resource; the last one read would win by chance.',
  ),
  'missing-kind': findingCode(
    'error',
    'reading',
    'Without apiVersion and kind nobody knows what the document is.',
  ),
  'unknown-kind': findingCode(
    'info',
    'reading',
    'Only documents of known kinds are read; this one changes nothing.',
  ),
  'unknown-api-version': findingCode(
    'error',
    'reading',
    'Only flagger.app/v1beta1 and sluice.dev/v1alpha1 are known.',
  ),

  'unknown-field': findingCode(
    'error',
    'schema',
    'An unknown field does nothing, while whoever wrote it believes that it does.',
  ),
  'sluice-only-field': findingCode(
    'error',
    'schema',
    'A cluster drops this field of a flagger.app object without a word.',
  ),
  'wrong-type': findingCode('error', 'schema', 'The value cannot be used as it stands.'),
  'missing-field': findingCode('error', 'schema', 'Nothing can be done without it.'),
  'invalid-value': findingCode('error', 'schema', 'The value is outside of what is allowed.'),
  'invalid-name': findingCode(
    'error',
    'schema',
    'The name is part of object names, host names and file names.',
  ),
  'invalid-duration': findingCode(
    'error',
    'schema',
    'Without a readable length of time nothing can be scheduled.',
  ),
  'interval-not-flagger': findingCode(
    'warning',
    'schema',
    'Flagger accepts digits with m or s only; a cluster refuses this manifest or reads it as something else.',
  ),
  'interval-raised': findingCode(
    'warning',
    'schema',
    'Flagger never looks more often than every 10 s, and Sluice keeps that on flagger.app objects.',
  ),

  'weight-range': findingCode('error', 'analysis', 'A weight is a share of all requests in percent.'),
  'step-weight-zero': findingCode(
    'error',
    'analysis',
    'The weight would never rise: Flagger runs such a canary for ever.',
  ),
  'step-weights-not-rising': findingCode(
    'error',
    'analysis',
    'A repeated or smaller weight makes Flagger run for ever.',
  ),
  'weight-overshoot': findingCode(
    'warning',
    'analysis',
    'The last step is above maxWeight: Flagger adds whole steps until the ceiling is reached or passed.',
  ),
  'max-weight-ignored': findingCode('warning', 'analysis', 'maxWeight is a ceiling for stepWeight only.'),
  'steps-conflict': findingCode(
    'error',
    'analysis',
    'Each of these fields is a whole plan, and only one of them can be followed.',
  ),
  'steps-missing': findingCode('error', 'analysis', 'Without steps there is no plan to follow.'),
  'strategy-conflict': findingCode(
    'error',
    'analysis',
    'The strategy and the rest of the analysis say different things.',
  ),
  'strategy-inferred': findingCode(
    'info',
    'analysis',
    'The strategy was not written, so it follows from the other fields.',
  ),
  'analysis-missing': findingCode(
    'error',
    'analysis',
    'Without an analysis nothing says how the release goes out.',
  ),
  'no-checks': findingCode(
    'warning',
    'analysis',
    'Without a check no release is ever rolled back for what its requests say.',
  ),
  'skip-analysis': findingCode(
    'warning',
    'analysis',
    'Every release goes to all users at once, without steps, hooks or checks.',
  ),
  'threshold-defaulted': findingCode('warning', 'analysis', 'The first failed check rolls back.'),
  'match-missing': findingCode(
    'error',
    'analysis',
    'An A/B test sends matching requests to the canary; without conditions none would match.',
  ),
  'match-unsupported': findingCode(
    'error',
    'analysis',
    'A condition that cannot be tested would silently widen or narrow the group.',
  ),
  'mirror-weight': findingCode('error', 'analysis', 'The share of requests to copy is a percentage.'),
  'rollback-on-failure': findingCode(
    'warning',
    'analysis',
    'Rolling back a failed release is what happens anyway; Flagger does not know the field, and kubectl refuses it there.',
  ),
  'rollback-cannot-be-off': findingCode(
    'error',
    'analysis',
    'A release that failed its checks is always rolled back: leaving it serving is never what a health check means.',
  ),

  'metric-without-query': findingCode(
    'error',
    'metrics',
    'In Flagger every tick of such a metric is a failed check, so no release can be promoted.',
  ),
  'metric-error-rate': findingCode(
    'warning',
    'metrics',
    'Flagger has no built-in of this name and fails every tick; here it is the share of 5xx answers in percent.',
  ),
  'metric-unbounded': findingCode('warning', 'metrics', 'A metric without a limit always passes.'),
  'metric-threshold-omitted': findingCode(
    'warning',
    'metrics',
    'Without a range Flagger compares with the deprecated threshold 0, so any value above 0 fails.',
  ),
  'metric-threshold-deprecated': findingCode(
    'warning',
    'metrics',
    'thresholdRange says which side is meant; threshold does not.',
  ),
  'metric-limit-empty': findingCode(
    'error',
    'metrics',
    'No value is both above min and below max, so the check can never pass.',
  ),
  'metric-limit-range': findingCode(
    'warning',
    'metrics',
    'The limit lies outside of what the measure can be.',
  ),
  'metric-template-missing': findingCode(
    'error',
    'metrics',
    'The reference leads nowhere, so the metric can never be read.',
  ),
  'metric-no-interval': findingCode(
    'warning',
    'metrics',
    'Flagger gives template metrics no default window: the query is rendered with an empty one.',
  ),
  'metric-duplicate': findingCode(
    'warning',
    'metrics',
    'Results are kept by name; the second one goes by another name here.',
  ),
  'metric-two-queries': findingCode(
    'warning',
    'metrics',
    'Flagger asks both the query and the template; Sluice asks the template alone.',
  ),
  'judge-setting-unused': findingCode(
    'warning',
    'metrics',
    'The judge that decides has no use for it, and none in the shadow has either.',
  ),
  'threshold-counts-nothing': findingCode(
    'info',
    'metrics',
    'Checks that count requests are judged by evidence; `threshold` counts failed queries and `rollout` webhooks, and there are none.',
  ),
  'min-effect-within-limit': findingCode(
    'error',
    'metrics',
    'The step would wait for requests that show what no check looks for.',
  ),
  'objective-by-proxy': findingCode(
    'info',
    'metrics',
    'On one machine the proxy counts the requests itself, for each arm, so the selectors are not asked.',
  ),
  'metric-needs-prometheus': findingCode(
    'info',
    'metrics',
    'The value comes from outside, so the release waits while that source cannot be read.',
  ),
  'metric-provider-unsupported': findingCode(
    'error',
    'metrics',
    'Only Prometheus can be asked on one machine.',
  ),
  'metric-provider-missing': findingCode('error', 'metrics', 'Nothing says where the query is to be asked.'),
  'metric-query-template': findingCode(
    'error',
    'metrics',
    'A query with an unknown placeholder cannot be rendered.',
  ),
  'invalid-objective': findingCode('error', 'metrics', 'The objective is what the release is judged by.'),

  'hook-duplicate': findingCode(
    'warning',
    'hooks',
    'Answers are kept by name; the second one goes by another name here.',
  ),
  'hook-url': findingCode('error', 'hooks', 'The hook could never be called.'),
  'hook-timeout-long': findingCode(
    'warning',
    'hooks',
    'Flagger calls rollout hooks inside its tick, so a slow hook delays every check.',
  ),
  'alert-severity-empty': findingCode(
    'warning',
    'alerts',
    'Flagger compares an empty severity literally, so no alert is ever sent; here it means info.',
  ),
  'alert-provider-missing': findingCode(
    'warning',
    'alerts',
    'The reference leads nowhere, so no alert can be sent.',
  ),
  'alert-provider-address': findingCode(
    'error',
    'alerts',
    'Exactly one of address and secretRef says where alerts go.',
  ),

  'port-missing': findingCode('error', 'service', 'Nothing says where the service listens.'),
  'cookie-names-equal': findingCode(
    'error',
    'service',
    'One cookie cannot keep clients on both arms; Flagger refuses the whole sync.',
  ),
  'assign-and-affinity': findingCode(
    'warning',
    'service',
    'Both say which clients stay on the canary; the cookie of sessionAffinity is looked at first.',
  ),
  'port-shared': findingCode('error', 'service', 'Only one service can listen on a port of a machine.'),
  'not-on-one-machine': findingCode(
    'warning',
    'service',
    'The field is about a cluster or a mesh; on one machine it does nothing.',
  ),

  'target-missing': findingCode('error', 'target', 'There is nothing to release.'),
  'target-unsupported': findingCode('error', 'target', 'On one machine a release is one of a Process.'),
  'target-shared': findingCode('error', 'target', 'Two policies for one workload would undo each other.'),
  'process-without-canary': findingCode(
    'info',
    'target',
    'Nothing says how it is to be released, so a new version goes out as a rolling update.',
  ),
  'deployment-not-applied': findingCode(
    'warning',
    'target',
    'On one machine a Process runs, not a container; this part of the Deployment does nothing here.',
  ),
  'process-overrides-deployment': findingCode(
    'info',
    'target',
    'The Process and the Deployment beside it differ; the Process counts.',
  ),
  'probe-missing': findingCode(
    'warning',
    'target',
    'Without a readiness probe a replica counts as ready as soon as its port answers.',
  ),
  'probe-invalid': findingCode('error', 'target', 'A probe does exactly one thing.'),
  'probe-threshold': findingCode(
    'error',
    'target',
    'Kubernetes allows only 1 here: a live process needs no second proof.',
  ),
  'env-not-resolvable': findingCode('error', 'target', 'There is no such source of values on one machine.'),
  'port-env-conflict': findingCode(
    'warning',
    'target',
    'PORT tells each replica where to listen; a fixed value is overwritten.',
  ),
  'fixed-port-replicas': findingCode(
    'error',
    'target',
    'Two replicas, or two versions at once, cannot listen on one port of one machine.',
  ),
  'grace-too-short': findingCode(
    'warning',
    'target',
    'The grace period includes preStop: what is left is too short to finish the requests in flight.',
  ),
  'roll-impossible': findingCode(
    'error',
    'target',
    'With neither a replica more nor one less nothing can be replaced.',
  ),
  'roll-downtime': findingCode(
    'warning',
    'target',
    'While replicas are replaced there are fewer than asked for.',
  ),
  'recreate-downtime': findingCode(
    'warning',
    'target',
    'All replicas stop before the new ones start: requests fail meanwhile.',
  ),
  'replicas-zero': findingCode(
    'error',
    'target',
    'A release without replicas serves nobody and can be judged by nobody.',
  ),
} as const satisfies Record<string, FindingCodeEntry>;
