import type { FieldText } from './resource-page.ts';

const cluster = (text: string): FieldText => ({ text: `${text} For a cluster.` });

const spec: Readonly<Record<string, FieldText>> = {
  'spec.provider': cluster('What moves the traffic.'),
  'spec.metricsServer': { text: 'Address of the Prometheus that `metrics[].query` is asked from.' },
  'spec.targetRef': { text: 'What is released.' },
  'spec.targetRef.apiVersion': { text: 'Not read.' },
  'spec.targetRef.kind': {
    text: 'On one machine `Process`, or a `Deployment` with a Process of the same name beside it.',
  },
  'spec.targetRef.name': { text: 'Its name, in the same namespace.' },
  'spec.autoscalerRef': cluster('The autoscaler of the target.'),
  'spec.ingressRef': cluster('The Ingress to change.'),
  'spec.routeRef': cluster('The ApisixRoute to change.'),
  'spec.upstreamRef': cluster('The Gloo Upstream to copy.'),
  'spec.service': { text: 'Where traffic comes in.' },
  'spec.analysis': {
    text: 'How the traffic moves and what is checked.',
    otherwise: 'none: a rolling update',
  },
  'spec.progressDeadlineSeconds': {
    text: 'A workload without progress for so long: the rollout is taken back.',
    otherwise: "the Process's, else the Deployment's, else 600",
  },
  'spec.skipAnalysis': {
    text: 'Starts the canary, then promotes without steps, checks or bake.',
    otherwise: '`false`',
  },
  'spec.revertOnDeletion': cluster('Deleting the Canary restores the target.'),
  'spec.suspend': {
    text: 'Nothing moves, but a rollback that was decided goes on and a person may decide one.',
    otherwise: '`false`',
  },
  'spec.strategy': {
    text: '`Rolling` and `Recreate` have no canary: stable is replaced, watched by the checks, and undone if they fail.',
    otherwise:
      'from `analysis`: `stepWeight`, `stepWeights` or `steps` with weights make `Canary`; `iterations` `BlueGreen`, with `match` `ABTest`; nothing `Rolling`',
  },
  'spec.promotion': {
    text: '`bake`: 100 % to the canary, and the old version stays warm for a while. `rolling`: stable is replaced while the canary keeps its share.',
    otherwise: '`bake`; `rolling` on `flagger.app`',
  },
  'spec.bakeDuration': {
    text: 'How long all traffic is judged on the new version before the old one is replaced.',
    otherwise: '`5m`; `0s` on `flagger.app`',
  },
  'spec.rollbackOnFailure': { text: '`true` is what happens anyway; `false` is refused.' },
  'spec.slowAfter': {
    text: 'A rollout longer than this is told once. Nothing else happens.',
    otherwise: 'never',
  },
};

const service: Readonly<Record<string, FieldText>> = {
  'spec.service.name': cluster('Name of the Service.'),
  'spec.service.port': {
    text: 'Port of the service. On one machine the proxy listens here, unless the Process has `listen`.',
  },
  'spec.service.portName': cluster('Name of the port.'),
  'spec.service.targetPort': cluster('Port of the container.'),
  'spec.service.appProtocol': { text: '`tcp` is refused on one machine: the proxy speaks HTTP.' },
  'spec.service.trafficDistribution': cluster('Which endpoints are preferred.'),
  'spec.service.portDiscovery': cluster('Further ports of the container.'),
  'spec.service.headless': cluster('A Service without an address.'),
  'spec.service.timeout': {
    text: 'Longest wait for the first byte of an answer; then 504.',
    otherwise: '`60s`',
  },
  'spec.service.backendTimeout': cluster('Timeout of one attempt.'),
  'spec.service.gateways': cluster('Istio gateways.'),
  'spec.service.gatewayRefs': cluster('Gateways of the Gateway API.'),
  'spec.service.hosts': cluster('Host names.'),
  'spec.service.delegation': cluster('An Istio VirtualService without hosts.'),
  'spec.service.trafficPolicy': cluster('Istio load balancing and TLS.'),
  'spec.service.match': cluster('Istio matches.'),
  'spec.service.rewrite': cluster('Rewriting of the path.'),
  'spec.service.retries': cluster(
    'Retries of the mesh. The proxy retries by itself only where nothing was sent.',
  ),
  'spec.service.headers': cluster('Headers to add, set or remove.'),
  'spec.service.mirror': cluster('Mirrors of the Gateway API. See `analysis.mirror`.'),
  'spec.service.corsPolicy': cluster('CORS.'),
  'spec.service.meshName': cluster('App Mesh.'),
  'spec.service.backends': cluster('App Mesh.'),
  'spec.service.apex': cluster('Labels and annotations of the Service.'),
  'spec.service.primary': cluster("Labels and annotations of stable's Service."),
  'spec.service.canary': cluster("Labels and annotations of the canary's Service."),
  'spec.service.unmanagedMetadata': cluster('Labels and annotations that are left as found.'),
  'spec.service.assignBy': {
    text: 'Requests with the same value go to the same arm, and who is on the canary stays on it as the weight rises. Exactly one of the two. Requests without it are assigned at random.',
    otherwise: 'none: each request at random',
  },
  'spec.service.assignBy.header': { text: 'Name of the header.' },
  'spec.service.assignBy.cookie': { text: 'Name of the cookie.' },
  'spec.service.connectTimeout': { text: 'Longest wait for a connection to a replica.', otherwise: '`2s`' },
  'spec.service.drainTimeout': {
    text: 'Longest wait for requests in flight after weight 0 is in force.',
    otherwise: '`30s`',
  },
};

const analysis: Readonly<Record<string, FieldText>> = {
  'spec.analysis.interval': {
    text: 'Checks are judged this often. At least `100ms`; on `flagger.app` less than `10s` becomes `10s`.',
    otherwise: '`10s`; `1m` on `flagger.app`',
  },
  'spec.analysis.threshold': {
    text: 'So many failed evaluations in the whole rollout take it back. Good ones never take any off.',
    otherwise: '2; 1 on `flagger.app`',
  },
  'spec.analysis.maxWeight': {
    text: 'Ceiling of `stepWeight`; the last step reaches or passes it.',
    otherwise: '100',
  },
  'spec.analysis.stepWeight': {
    text: 'The weight rises by this. Each step lasts one interval and one passing evaluation.',
  },
  'spec.analysis.stepWeights': {
    text: 'The weights, rising. Each step lasts one interval and one passing evaluation.',
  },
  'spec.analysis.stepWeightPromotion': cluster('Steps back to stable after the promotion.'),
  'spec.analysis.iterations': {
    text: 'So many intervals without users on the canary (`BlueGreen`), or with those that `match` (`ABTest`).',
  },
  'spec.analysis.match': { text: 'Who is sent to the canary (`ABTest`).' },
  'spec.analysis.mirror': {
    text: 'Copies of safe requests go to the canary first; their answers are dropped.',
    otherwise: '`false`',
  },
  'spec.analysis.mirrorWeight': { text: 'Share of the requests that is copied.', otherwise: '100' },
  'spec.analysis.primaryReadyThreshold': {
    text: 'Percent of the replicas of stable that must be available.',
    otherwise: '100',
  },
  'spec.analysis.canaryReadyThreshold': {
    text: 'Percent of the replicas of the canary that must be available.',
    otherwise: '100',
  },
  'spec.analysis.metrics': { text: 'What is checked.' },
  'spec.analysis.alerts': cluster('Who is told.'),
  'spec.analysis.webhooks': { text: 'Who is asked.' },
  'spec.analysis.sessionAffinity': { text: 'A client that was on the canary gets a cookie and stays on it.' },
  'spec.analysis.steps': { text: 'The steps, each with its own length.' },
  'spec.analysis.judge': {
    text: 'How checks become a verdict. `argo` measures each check every 5 minutes and allows 3 failed measurements.',
    otherwise: '`bet`; `threshold` on `flagger.app`',
  },
  'spec.analysis.onNoData': {
    text: 'An evaluation without data: `wait` counts nothing, `fail` counts as failed, `rollback` takes the release back. It is never a pass.',
    otherwise: '`wait`; `fail` on `flagger.app`',
  },
  'spec.analysis.onInconclusive': {
    text: 'Past `maxStepDuration` without a verdict: hold and wait for a person, roll back, or advance (recorded as without a pass).',
    otherwise: '`hold`',
  },
  'spec.analysis.maxStepDuration': { text: 'Longest time of a step.', otherwise: 'none' },
  'spec.analysis.shadow': {
    text: 'Judges that look on: they report what they would have decided, and decide nothing.',
    otherwise: 'none; `[bet]` on `flagger.app`',
  },
  'spec.analysis.falseRollback': {
    text: 'At most this share of healthy releases is rolled back by the statistical checks of `bet`.',
    otherwise: '`1 %`',
  },
  'spec.analysis.margin': {
    text: "How many times stable's odds of a failure the canary's may be and still count as equal.",
    otherwise: '`1.5`',
  },
  'spec.analysis.minEffect': {
    text: 'Share of failed requests that a step must be able to show with 90 % before it may end. Without it a step waits for the requests that were forecast for it.',
    otherwise: "the step's own forecast",
  },
  'spec.analysis.level': {
    text: "Evidence that rolls back, from the service's own history (`sluice tune`). Never below 1 / `falseRollback`.",
    otherwise: '1 / `falseRollback`',
  },
  'spec.analysis.approvalBeforePromotion': {
    text: 'A person must approve before the promotion.',
    otherwise: '`false`',
  },
  'spec.analysis.steps[].weight': {
    text: 'Share of the requests; must rise from step to step. Needed with the strategy `Canary`, refused with the others.',
  },
  'spec.analysis.steps[].duration': {
    text: 'Judged time while the weight is proven in force.',
    otherwise: 'one interval',
  },
  'spec.analysis.steps[].minRequests': {
    text: 'Canary requests that the step needs besides.',
    otherwise: '0',
  },
  'spec.analysis.steps[].approval': {
    text: 'A person must approve before the step starts.',
    otherwise: '`false`',
  },
  'spec.analysis.match[].headers': { text: 'By the name of the header.' },
  'spec.analysis.match[].queryParams': { text: 'By the name of the query parameter.' },
  'spec.analysis.match[].cookies': { text: 'By the name of the cookie.' },
  'spec.analysis.match[].sourceLabels': cluster('Labels of the caller.'),
};

const lists: Readonly<Record<string, FieldText>> = {
  'spec.analysis.metrics[].name': {
    text: 'Name of the check. `request-success-rate` (percent), `request-duration` (p99, milliseconds) and `error-rate` (percent of 5xx) are built in; on one machine `memory` (MB) and `cpu` (cores) of each replica too.',
  },
  'spec.analysis.metrics[].interval': { text: 'How far back one evaluation looks.', otherwise: '`1m`' },
  'spec.analysis.metrics[].thresholdRange': { text: 'The limit, bounds included.' },
  'spec.analysis.metrics[].thresholdRange.min': { text: 'Fails below.' },
  'spec.analysis.metrics[].thresholdRange.max': { text: 'Fails above.' },
  'spec.analysis.metrics[].threshold': {
    text: 'Deprecated by Flagger: a `min` for `request-success-rate`, a `max` for everything else.',
  },
  'spec.analysis.metrics[].query': { text: 'PromQL, asked from `spec.metricsServer`.' },
  'spec.analysis.metrics[].templateRef': { text: 'A MetricTemplate that holds the query and the server.' },
  'spec.analysis.metrics[].templateRef.name': { text: 'Its name.' },
  'spec.analysis.metrics[].templateRef.namespace': { text: 'Its namespace.', otherwise: "the Canary's" },
  'spec.analysis.metrics[].templateVariables': { text: 'Values for `{{ variables.NAME }}` in the template.' },
  'spec.analysis.metrics[].objective': {
    text: 'The limit with its unit: `0.1 %` may fail, `> 99.9 %` must succeed, `p95 2 s` may the quantile take.',
  },
  'spec.analysis.metrics[].objective.limit': { text: 'The same, where there are selectors too.' },
  'spec.analysis.metrics[].objective.total': cluster('Selector of all requests.'),
  'spec.analysis.metrics[].objective.bad': cluster('Selector of the requests that count against the canary.'),
  'spec.analysis.metrics[].objective.buckets': cluster('Selector of histogram buckets.'),
  'spec.analysis.metrics[].compare': {
    text: 'Judged by `bet` or `likelihood`: `stable` holds the canary against stable too, also without a limit; `none` judges the limit alone.',
    otherwise: '`stable` where both arms serve a random share of the same requests, else `none`',
  },
  'spec.analysis.metrics[].critical': {
    text: '`memory` and `cpu`: the rollout is held while replicas of the canary are shown to need at least 10 % more than those of stable (p at most `falseRollback`, four of five pairs), or break a limit that stable keeps. Without, it is told and decides nothing.',
    otherwise: '`false`',
  },
  'spec.analysis.metrics[].minRequests': {
    text: 'Fewer canary requests in the window are not enough data.',
    otherwise: '20; 0 on `flagger.app`',
  },
  'spec.analysis.webhooks[].name': { text: 'Name, different from all others.' },
  'spec.analysis.webhooks[].url': { text: '`http` or `https`.' },
  'spec.analysis.webhooks[].type': { text: 'When it is called.', otherwise: '`rollout`' },
  'spec.analysis.webhooks[].timeout': { text: 'Of one attempt.', otherwise: '`10s`' },
  'spec.analysis.webhooks[].retries': { text: 'Further attempts inside one call.', otherwise: '0' },
  'spec.analysis.webhooks[].disableTLS': {
    text: 'Certificates are always verified; `true` is told as a finding.',
  },
  'spec.analysis.webhooks[].muteAlert': { text: 'For a cluster.' },
  'spec.analysis.webhooks[].metadata': { text: 'Sent along.' },
  'spec.analysis.webhooks[].deadline': {
    text: 'How long a gate may refuse or stay silent.',
    otherwise: 'for ever',
  },
  'spec.analysis.webhooks[].onDeadline': { text: 'What happens then.', otherwise: '`rollback`' },
  'spec.analysis.sessionAffinity.cookieName': { text: 'Name of the cookie.' },
  'spec.analysis.sessionAffinity.primaryCookieName': cluster('A cookie that keeps clients on stable.'),
  'spec.analysis.sessionAffinity.maxAge': { text: 'Seconds that the cookie lasts.', otherwise: '86400' },
  'spec.analysis.sessionAffinity.domain': cluster('Attribute of the cookie.'),
  'spec.analysis.sessionAffinity.httpOnly': cluster('Attribute of the cookie; always set on one machine.'),
  'spec.analysis.sessionAffinity.partitioned': cluster('Attribute of the cookie.'),
  'spec.analysis.sessionAffinity.path': cluster('Attribute of the cookie; always `/` on one machine.'),
  'spec.analysis.sessionAffinity.sameSite': cluster('Attribute of the cookie; always `Lax` on one machine.'),
  'spec.analysis.sessionAffinity.secure': cluster('Attribute of the cookie.'),
  'spec.analysis.alerts[].name': { text: 'Name of the alert.' },
  'spec.analysis.alerts[].severity': { text: 'The least severity that is told.', otherwise: '`info`' },
  'spec.analysis.alerts[].providerRef': { text: 'An AlertProvider.' },
  'spec.analysis.alerts[].providerRef.name': { text: 'Its name.' },
  'spec.analysis.alerts[].providerRef.namespace': { text: 'Its namespace.', otherwise: "the Canary's" },
};

/** Every field of a Canary; a missing or idle one is an error of `npm run gen`. */
export const canaryTexts: Readonly<Record<string, FieldText>> = {
  ...spec,
  ...service,
  ...analysis,
  ...lists,
};
