import { type FindingCodeEntry, findingCode } from '../finding-code-entry.ts';

/** Codes that only the linter gives. */
export const lintCodes = {
  'metric-same-check': findingCode(
    'warning',
    'metrics',
    'One number is judged twice: the two limits cannot both be what is meant, and the stricter one alone decides.',
  ),
  'metric-unit-doubtful': findingCode(
    'warning',
    'metrics',
    'Nothing here says whether the metric is a share from 0 to 1 or a percentage, and the two differ a hundredfold.',
  ),
  'metric-unit-mismatch': findingCode(
    'warning',
    'metrics',
    'The limit is in another unit than the query, so the check passes or fails whatever the release does.',
  ),
  'metric-limit-side': findingCode(
    'warning',
    'metrics',
    'A limit on the wrong side passes what is bad and fails what is good.',
  ),
  'metric-p99': findingCode(
    'warning',
    'metrics',
    'Flagger’s built-in is the 99th percentile (with nginx and skipper the mean), so a limit that is meant for another quantile judges something else.',
  ),
  'metric-interval-over-step': findingCode(
    'warning',
    'metrics',
    'A window longer than the time between two steps still holds requests of the weight before: the step is judged by older traffic.',
  ),
  'metric-window-fixed': findingCode(
    'info',
    'metrics',
    'The query has a window of its own, so the interval of the metric changes nothing.',
  ),
  'metric-window-short': findingCode(
    'warning',
    'metrics',
    'A rate needs two scrapes, and survives a lost one only with about four: below that the result is now and then empty, which Flagger counts as a failed check.',
  ),
  'metric-no-guarantee': findingCode(
    'info',
    'metrics',
    'A number without the counts behind it can only be compared with its limit: chance alone fails good releases and passes bad ones.',
  ),
  'objective-incomplete': findingCode(
    'error',
    'queries',
    'A share is counted from two selectors, total and bad, and a quantile from the selector of its buckets.',
  ),
  'objective-not-selector': findingCode(
    'error',
    'queries',
    'A judge needs the raw counters; a query over them has lost the counts.',
  ),
  'objective-bad-outside': findingCode(
    'warning',
    'queries',
    'What counts as bad must be a part of the total, or the share means nothing.',
  ),
  'query-syntax': findingCode(
    'error',
    'queries',
    'Prometheus refuses the query, so the metric can never be read.',
  ),
  'query-result': findingCode(
    'error',
    'queries',
    'A check needs one number for now; Prometheus answers this with something else.',
  ),
  'query-several-series': findingCode(
    'warning',
    'queries',
    'Where a query answers with several series, Flagger compares the last one, whichever that is.',
  ),
  'query-both-arms': findingCode(
    'warning',
    'queries',
    'The stable pods carry most of the traffic, so what the canary does wrong is diluted: at 10 % a canary that fails 1 % of its requests shows as 0.1 %.',
  ),
  'query-no-arm': findingCode(
    'warning',
    'queries',
    'The query says nothing about the canary: it judges whatever else has these series as well.',
  ),
  'config-map-not-read': findingCode(
    'warning',
    'queries',
    'Flagger reads queries from MetricTemplates and from metrics[].query, never from a ConfigMap: the built-in query runs instead, or none.',
  ),
  'steps-one-check': findingCode(
    'warning',
    'steps',
    'A step of Flagger lasts one interval and is judged by one passing check; there is no time per step, and no least number of requests.',
  ),
  'step-under-interval': findingCode(
    'warning',
    'steps',
    'A step that is shorter than the interval of the checks can end with a single look at its requests.',
  ),
  'rollback-slow': findingCode(
    'warning',
    'steps',
    'Failed checks are counted one an interval, and the traffic stays on the canary until the count is full.',
  ),
  'crash-deadline-long': findingCode(
    'warning',
    'steps',
    'Crashing pods are no failed check in Flagger: the weight stays where it is until this deadline, without an alert. Sluice fails a crash loop at once.',
  ),
  'mirror-unsupported': findingCode(
    'warning',
    'steps',
    'Where the router cannot mirror, Flagger repeats the mirror step and the pre-rollout hooks for ever at weight 0.',
  ),
  'provider-no-weights': findingCode(
    'warning',
    'steps',
    'Plain Kubernetes Services cannot split traffic: Flagger drops the weights and runs 10 blue-green iterations instead.',
  ),
  'no-synthetic-load': findingCode(
    'info',
    'steps',
    'In Flagger a check without data is a failed check, so a quiet night rolls back a healthy release.',
  ),
  'alerts-missing': findingCode(
    'info',
    'alerts',
    'Nobody is told that a release failed, unless the controller has a notifier of its own.',
  ),
  'promotion-jump': findingCode(
    'info',
    'steps',
    'At promotion Flagger replaces the pods of stable while they serve, without a check, and then moves all traffic back in one jump.',
  ),
  'limit-not-observable': findingCode(
    'warning',
    'steps',
    'Where fewer than about three failures are expected at the limit, a canary that keeps it and one that breaks it many times over look the same.',
  ),
  'effect-not-visible': findingCode(
    'warning',
    'steps',
    'A regression that is not to pass needs enough requests to be seen; a step without them waits for them, or advances without a word on it.',
  ),
  'threshold-false-alarms': findingCode(
    'warning',
    'metrics',
    'A few requests fail by chance, and a limit on the share of one window takes that for a regression; each look is one more chance.',
  ),
  'latency-limit-between-bounds': findingCode(
    'warning',
    'metrics',
    'A histogram knows nothing between two of its bounds: a quantile is interpolated there, and releases with a p95 of 1.1 s and of 2.4 s can read the same. Where requests are counted, the next higher bound accuses, so what is slower than the limit but not than that bound is not seen.',
  ),
  'step-few-looks': findingCode(
    'info',
    'steps',
    'What is looked at once an interval is found so much later, and a step with few looks ends before several of them agree.',
  ),
  'comparison-cannot-tell': findingCode(
    'warning',
    'metrics',
    'The pod is what is compared, however often it was read: with n canary and m stable pods the smallest possible p is 1 / C(n + m, n).',
  ),
  'bake-zero': findingCode(
    'warning',
    'steps',
    'Most of what a canary does not show appears at full load; without a bake the old version is gone by then.',
  ),
  'skip-analysis-false': findingCode(
    'info',
    'steps',
    'false is the default, and true would release without any check.',
  ),
  'delete-is-outage': findingCode(
    'info',
    'steps',
    'In Flagger, deleting or renaming the Canary deletes the primary while the target has no replicas. Sluice leaves what serves alone.',
  ),

  'provider-not-set': findingCode(
    'warning',
    'service',
    'What moves the traffic is then decided by a flag of the controller (Istio by default), not by this file.',
  ),
  'gateways-without-mesh': findingCode(
    'warning',
    'service',
    'A list of gateways replaces the default: callers inside the mesh then reach the primary only, and the canary never sees them.',
  ),
  'gateways-ignored': findingCode(
    'warning',
    'service',
    'Only Istio reads gateways; with this provider they do nothing.',
  ),
  'gateway-refs-missing': findingCode(
    'warning',
    'service',
    'A route of the Gateway API needs a parent; without one no request reaches it.',
  ),
  'ingress-ref-missing': findingCode(
    'warning',
    'service',
    'The provider works on a copy of an Ingress and has to know which.',
  ),
  'no-autoscaler': findingCode(
    'info',
    'service',
    'The canary starts with as many replicas as stable, and stable’s number changes by a release only.',
  ),
  'autoscaler-not-referenced': findingCode(
    'warning',
    'service',
    'Flagger keeps the target at 0 replicas, where an autoscaler stops working: production loses it.',
  ),
  'selector-misses-primary': findingCode(
    'warning',
    'service',
    'Under Flagger production runs as another Deployment whose selector label ends in -primary, which this selector does not match.',
  ),

  'hook-cannot-fail': findingCode(
    'warning',
    'hooks',
    'The load tester answers type cmd with 202 before the command has run, and only logs how it ended.',
  ),
  'hook-load-only': findingCode(
    'info',
    'hooks',
    'The hook makes load; that it passes says nothing, since the load tester answers before the command has run.',
  ),
  'hook-load-short': findingCode(
    'warning',
    'hooks',
    'Load that ends before the next check leaves a gap, in which a check can find no data.',
  ),
  'hook-load-dilutes': findingCode(
    'warning',
    'hooks',
    'Requests to a health endpoint almost never fail and are fast, and they count in the same series: they hide the errors of real ones.',
  ),
  'hook-runs-commands': findingCode(
    'warning',
    'hooks',
    'Whoever reaches such a load tester runs commands as it. Sluice’s load tester refuses bash, helm and kubectl.',
  ),
  'hook-every-tick': findingCode(
    'warning',
    'hooks',
    'A hook without a type is a rollout hook: it is called before every check, not once before the release.',
  ),
  'hook-unknown-task': findingCode(
    'warning',
    'hooks',
    'The load tester does not know this kind of task, and drops the connection.',
  ),

  'grace-in-container': findingCode(
    'warning',
    'pods',
    'It is a field of the pod, not of the container: kubectl refuses it, other clients drop it, and the default of 30 s stays.',
  ),
  'grace-under-pre-stop': findingCode(
    'warning',
    'pods',
    'The grace period includes preStop: the process is killed before it was asked to stop.',
  ),
  'grace-margin': findingCode(
    'info',
    'pods',
    'The grace period includes preStop: only the rest is left for requests in flight.',
  ),
  'pre-stop-missing': findingCode(
    'warning',
    'pods',
    'A pod is told to stop at the same moment as the data plane is told to avoid it: without a pause it refuses requests that are still sent to it.',
  ),
  'pre-stop-shell': findingCode(
    'info',
    'pods',
    'An image without a shell has no such command: the hook fails, and the pause is silently left out.',
  ),
  'readiness-missing': findingCode(
    'warning',
    'pods',
    'Without a readiness probe a pod gets traffic as soon as its process runs, and a release cannot see that it is broken.',
  ),
  'readiness-is-liveness': findingCode(
    'warning',
    'pods',
    'One probe for both restarts a pod that is merely not ready, which under load takes the rest down.',
  ),
  'min-ready-zero': findingCode(
    'warning',
    'pods',
    'One lucky probe counts as available, and the roll goes on to the next pod.',
  ),
  'max-unavailable': findingCode(
    'warning',
    'pods',
    'While pods are replaced there are fewer than asked for, under full load.',
  ),
  'roll-stuck': findingCode(
    'error',
    'pods',
    'With neither a pod more nor one less nothing can be replaced; the API server refuses it.',
  ),
  'recreate-strategy': findingCode(
    'warning',
    'pods',
    'All pods stop before the new ones start: requests fail meanwhile.',
  ),
  'roll-deadline-does-nothing': findingCode(
    'info',
    'pods',
    'Kubernetes does not roll back when it expires; it only sets a condition that somebody has to read.',
  ),
  'single-replica': findingCode(
    'warning',
    'pods',
    'With one replica each restart and each node drain is an outage.',
  ),
  'replicas-in-manifest': findingCode(
    'warning',
    'pods',
    'Flagger keeps the target at 0 between releases: applying this file again starts a second full set of pods beside production.',
  ),
  'selector-label': findingCode(
    'warning',
    'pods',
    'Flagger tells the two arms apart by the label app, name or app.kubernetes.io/name, and stops where none of them is in the selector.',
  ),
  'port-privileged': findingCode(
    'warning',
    'pods',
    'A port below 1024 needs root or a capability on most machines.',
  ),

  'wait-already-true': findingCode(
    'warning',
    'pipeline',
    'The condition Promoted is still true from the release before until the controller has seen the new one, so the command returns at once and the pipeline reports success before anything has run.',
  ),
  'wait-not-failing-fast': findingCode(
    'warning',
    'pipeline',
    'kubectl waits for one condition only: after a rollback it goes on waiting until its time is up.',
  ),
  'wait-too-short': findingCode(
    'warning',
    'pipeline',
    'A healthy release that takes its time is reported as failed while it goes on.',
  ),
  'undo-fights-controller': findingCode(
    'warning',
    'pipeline',
    'The controller owns this Deployment. After a failed release undo may start a canary of the bad revision before; during one it is not recognised; after a good one it starts a full new analysis of the old version instead of going back at once.',
  ),
  'status-of-canary': findingCode(
    'warning',
    'pipeline',
    'Under Flagger this Deployment is the canary: it stands at 0 replicas, which counts as rolled out. Production is the one that ends in -primary.',
  ),
  'delete-in-pipeline': findingCode(
    'warning',
    'pipeline',
    'Replacing or deleting a Canary removes the primary, and production with it, unless revertOnDeletion is set.',
  ),

  'convert-steps': findingCode('error', 'convert', 'Without readable steps nothing is converted.'),
  'convert-nothing': findingCode(
    'warning',
    'convert',
    'Only Canaries of flagger.app/v1beta1 and what they refer to are converted.',
  ),
  'convert-address-assumed': findingCode(
    'info',
    'convert',
    'The query did not say which Prometheus answers it.',
  ),
  'convert-selector-narrowed': findingCode(
    'info',
    'convert',
    'A judge compares the two arms, so a selector has to name one of them.',
  ),
  'convert-limit-kept': findingCode(
    'info',
    'convert',
    'What the limit means could not be told from the query, so it stays a number without counts behind it, and is judged without a guarantee.',
  ),
  'convert-both-sides': findingCode(
    'info',
    'convert',
    'An objective has one side; the range was kept as it is.',
  ),
} as const satisfies Record<string, FindingCodeEntry>;
