import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatFindings } from '../fixtures/format-findings.ts';
import { fixFiles, type LintFile, lintFiles } from './lint-files.ts';

const folder = new URL('../fixtures/seed/', import.meta.url);

function read(...names: readonly string[]): readonly LintFile[] {
  return names.map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }));
}

const blocks = read('canary.yaml', 'deployment.yaml', 'workflow.yaml');

test('a plausible set of manifests, all that is to be said', () => {
  expect(formatFindings(lintFiles(blocks))).toMatchInlineSnapshot(`
    "canary.yaml:7:1 warning crash-deadline-long
      progressDeadlineSeconds is 600 by default: a canary that crashes keeps its traffic for 10m. Crashing pods are no failed check in Flagger: the weight stays where it is until this deadline, without an alert. Sluice fails a crash loop at once.
      fix: write progressDeadlineSeconds: 120 under spec
    canary.yaml:7:1 info delete-is-outage
      revertOnDeletion is not set. In Flagger, deleting or renaming the Canary deletes the primary while the target has no replicas. Sluice leaves what serves alone.
      fix: write revertOnDeletion: true under spec as long as Flagger runs it
    canary.yaml:7:1 warning provider-not-set
      spec.provider is not set. What moves the traffic is then decided by a flag of the controller (Istio by default), not by this file.
      fix: write provider: istio under spec, if that is what is meant
    canary.yaml:9:3 info no-autoscaler
      There is no autoscalerRef. The canary starts with as many replicas as stable, and stable’s number changes by a release only.
      fix: add autoscalerRef, with primaryScalerReplicas where stable needs other bounds; if there is no autoscaler, plan for twice the pods
    canary.yaml:18:5 warning gateways-without-mesh
      gateways lists public-gateway without mesh. A list of gateways replaces the default: callers inside the mesh then reach the primary only, and the canary never sees them.
      fix: add mesh to the list, if callers inside the mesh count as traffic
    canary.yaml:27:3 info alerts-missing
      The analysis has no alerts. Nobody is told that a release failed, unless the controller has a notifier of its own.
      fix: add alerts with severity: error and a providerRef to an AlertProvider
    canary.yaml:27:3 info promotion-jump
      After 50 % all traffic goes to the replaced stable pods at once, unjudged. At promotion Flagger replaces the pods of stable while they serve, without a check, and then moves all traffic back in one jump.
      fix: write analysis.stepWeightPromotion, or promotion: bake on a sluice.dev Canary
    canary.yaml:35:5 warning steps-one-check
      This is 5 steps (10, 20, 30, 40, 50 %) of 1m and one check each, 9m in all. A step of Flagger lasts one interval and is judged by one passing check; there is no time per step, and no least number of requests.
      fix: for steps with a length of their own write analysis.steps on a sluice.dev Canary: "sluice convert FILE --steps 10:5m,25:10m,50:15m"
    canary.yaml:38:5 warning rollback-slow
      5 failed checks, one every 1m, keep a bad canary in traffic for 5m, and up to 2m more until the first check sees it. Failed checks are counted one an interval, and the traffic stays on the canary until the count is full.
      fix: for less than 5m write interval: 30s and threshold: 3
    canary.yaml:46:9 warning metric-same-check
      request-success-rate of at least 99 and error-rate of at most 0.1 are one number with two limits: 1 % and 0.1 % of errors. One number is judged twice: the two limits cannot both be what is meant, and the stricter one alone decides.
      fix: write thresholdRange.min: 99.9, or drop one of the two
    canary.yaml:49:7 warning metric-p99
      request-duration of at most 2000 ms judges p99 of the latency, while the query written for it in a ConfigMap is p95. Flagger’s built-in is the 99th percentile (with nginx and skipper the mean), so a limit that is meant for another quantile judges something else.
      fix: if p95 is meant, refer to a MetricTemplate with histogram_quantile(0.95, …)
    canary.yaml:52:9 warning latency-limit-between-bounds
      The limit of 2 s is no bound of a histogram with the bounds of Envoy and Istio: it lies between 1 s and 2.5 s. A histogram knows nothing between two of its bounds: a quantile is interpolated there, and releases with a p95 of 1.1 s and of 2.4 s can read the same. Where requests are counted, the next higher bound accuses, so what is slower than the limit but not than that bound is not seen.
      fix: add the bound 2 to the histogram, or limit at 1 s or 2.5 s
    canary.yaml:55:7 warning metric-error-rate
      The metric "error-rate" has neither a query nor a templateRef. Flagger has no built-in of this name and fails every tick; here it is the share of 5xx answers in percent.
      fix: add a templateRef to a MetricTemplate that holds the query
    canary.yaml:58:9 warning metric-unit-doubtful
      error-rate has the limit 0.1 and no query: as a percentage that is 0.1 %, as a share 10 %. Nothing here says whether the metric is a share from 0 to 1 or a percentage, and the two differ a hundredfold.
      fix: give it a templateRef to a query that ends in * 100, and keep 0.1 for 0.1 %
    canary.yaml:69:9 info hook-load-only
      The hook "load-test" can never fail a release. The hook makes load; that it passes says nothing, since the load tester answers before the command has run.
      fix: nothing, if load is all that it is for: the metrics judge
    canary.yaml:70:9 warning hook-load-short
      The load lasts 1m, and the next check comes after 1m. Load that ends before the next check leaves a gap, in which a check can find no data.
      fix: let it last longer than the interval, such as 2m
    canary.yaml:70:9 warning hook-load-dilutes
      The load goes to http://ecommerce-api-canary/health. Requests to a health endpoint almost never fail and are fast, and they count in the same series: they hide the errors of real ones.
      fix: send it to paths that users call, or leave this path out of the queries
    canary.yaml:72:7 warning hook-every-tick
      The hook "acceptance-test" has no type: it runs every 1m, and counts as failed where it takes longer than 30s. A hook without a type is a rollout hook: it is called before every check, not once before the release.
      fix: write type: pre-rollout to run it once, with a timeout longer than the test
    canary.yaml:77:9 warning hook-runs-commands
      metadata.type is bash: the load tester runs the command and blocks until it ends. Whoever reaches such a load tester runs commands as it. Sluice’s load tester refuses bash, helm and kubectl.
      fix: put the test behind a small HTTP service that answers 200 or 500 and point url at it, or run it in the pipeline before the release
    canary.yaml:81:3 warning rollback-on-failure
      rollbackOnFailure is true. Rolling back a failed release is what happens anyway; Flagger does not know the field, and kubectl refuses it there.
      fix: remove it
    canary.yaml:84:3 info skip-analysis-false
      skipAnalysis: false says nothing. false is the default, and true would release without any check.
      fix: remove it
    canary.yaml:94:3 warning config-map-not-read
      Nothing reads the queries of this ConfigMap (request-success-rate, request-duration, error-rate). Flagger reads queries from MetricTemplates and from metrics[].query, never from a ConfigMap: the built-in query runs instead, or none.
      fix: write each as a MetricTemplate and refer to it with templateRef; "sluice convert" does that
    canary.yaml:101:13 info metric-window-fixed
      The window is fixed at 1m. The query has a window of its own, so the interval of the metric changes nothing.
      fix: write [{{ interval }}] in a MetricTemplate
    canary.yaml:103:15 warning query-both-arms
      pod=~"ecommerce-api-.*" also matches the stable arm, such as ecommerce-api-primary-5f6d8c7b9d-q8z4m (2 times in this query). The stable pods carry most of the traffic, so what the canary does wrong is diluted: at 10 % a canary that fails 1 % of its requests shows as 0.1 %.
      fix: write pod=~"ecommerce-api-[a-z0-9]+-[a-z0-9]+", or pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+" in a MetricTemplate
    canary.yaml:127:15 info metric-window-fixed
      The window is fixed at 1m. The query has a window of its own, so the interval of the metric changes nothing.
      fix: write [{{ interval }}] in a MetricTemplate
    canary.yaml:129:17 warning query-both-arms
      pod=~"ecommerce-api-.*" also matches the stable arm, such as ecommerce-api-primary-5f6d8c7b9d-q8z4m. The stable pods carry most of the traffic, so what the canary does wrong is diluted: at 10 % a canary that fails 1 % of its requests shows as 0.1 %.
      fix: write pod=~"ecommerce-api-[a-z0-9]+-[a-z0-9]+", or pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+" in a MetricTemplate
    canary.yaml:142:13 info metric-window-fixed
      The window is fixed at 1m. The query has a window of its own, so the interval of the metric changes nothing.
      fix: write [{{ interval }}] in a MetricTemplate
    canary.yaml:144:15 warning query-both-arms
      pod=~"ecommerce-api-.*" also matches the stable arm, such as ecommerce-api-primary-5f6d8c7b9d-q8z4m (2 times in this query). The stable pods carry most of the traffic, so what the canary does wrong is diluted: at 10 % a canary that fails 1 % of its requests shows as 0.1 %.
      fix: write pod=~"ecommerce-api-[a-z0-9]+-[a-z0-9]+", or pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+" in a MetricTemplate
    deployment.yaml:8:3 warning replicas-in-manifest
      replicas: 10 is in the manifest of a Deployment that a Canary releases. Flagger keeps the target at 0 between releases: applying this file again starts a second full set of pods beside production.
      fix: remove it, and let an autoscaler or the primary hold the number
    deployment.yaml:27:3 info roll-deadline-does-nothing
      progressDeadlineSeconds: 600 undoes nothing by itself. Kubernetes does not roll back when it expires; it only sets a condition that somebody has to read.
      fix: leave the undoing to the Canary that releases this Deployment
    deployment.yaml:80:11 info pre-stop-shell
      preStop of api needs a shell and sleep in the image. An image without a shell has no such command: the hook fails, and the pause is silently left out.
      fix: write preStop: {sleep: {seconds: 15}} (Kubernetes 1.30 or newer)
    deployment.yaml:80:11 info grace-margin
      Of a grace period of 30 s (the default), preStop of api takes 15 s and leaves 15 s. The grace period includes preStop: only the rest is left for requests in flight.
      fix: write terminationGracePeriodSeconds: 45 under spec.template.spec
    deployment.yaml:85:9 warning grace-in-container
      terminationGracePeriodSeconds: 30 stands inside the container api. It is a field of the pod, not of the container: kubectl refuses it, other clients drop it, and the default of 30 s stays.
      fix: move it to spec.template.spec, beside containers
    workflow.yaml:32:11 warning wait-already-true
      kubectl wait for Promoted is true before the release has begun. The condition Promoted is still true from the release before until the controller has seen the new one, so the command returns at once and the pipeline reports success before anything has run.
      fix: use "sluice wait ecommerce-api": it first waits until the new revision is seen
    workflow.yaml:32:11 warning wait-not-failing-fast
      After a rollback this still waits for 30m. kubectl waits for one condition only: after a rollback it goes on waiting until its time is up.
      fix: use "sluice wait ecommerce-api": it ends with the release, however that ends, and says how by its exit code
    workflow.yaml:32:11 warning wait-too-short
      The wait gives up after 30m; a release that ends well may take 33m (9m of checks, 4m for 4 that may fail, 10m until the canary is ready, 10m to replace stable). A healthy release that takes its time is reported as failed while it goes on.
      fix: write --timeout=37m or more
    workflow.yaml:41:11 warning status-of-canary
      kubectl rollout status watches ecommerce-api, not what serves production. Under Flagger this Deployment is the canary: it stands at 0 replicas, which counts as rolled out. Production is the one that ends in -primary.
      fix: watch the Canary with "sluice wait ecommerce-api", or deployment/ecommerce-api-primary under Flagger
    workflow.yaml:53:11 warning undo-fights-controller
      kubectl rollout undo on ecommerce-api works against the controller that releases it. The controller owns this Deployment. After a failed release undo may start a canary of the bad revision before; during one it is not recognised; after a good one it starts a full new analysis of the old version instead of going back at once.
      fix: leave it out: a failed release is rolled back by itself; by hand use "sluice rollback ecommerce-api"
    0 errors, 26 warnings, 12 info"
  `);
});

test('with a traffic it says what the checks of the manifests do to a healthy release', () => {
  const findings = lintFiles(blocks, { requestsPerSecond: 100 });
  const before = lintFiles(blocks);
  const said = findings.filter(
    (finding) => !before.some(({ code, line }) => code === finding.code && line === finding.line),
  );
  expect(
    said.map(({ line, code, message, fix }) => `${line} ${code}: ${message} FIX ${fix}`),
  ).toMatchInlineSnapshot(`
    [
      "27 limit-not-observable: At 100 requests a second the step of 10 % for 1m shows each check 600 requests. A limit of 0.1 % allows 0.6 of them: one failure is 0.17 %. The smallest share found with 90 % is 0.38 %. 3 more steps see too few as well. FIX use weight: 50 at once (finds 0.17 %), hold the step and let a check look back for 5m, make load, or accept 0.38 %",
    ]
  `);
});

test('only what a machine can decide is edited, and the rest of the text stays', () => {
  const fixed = fixFiles(blocks);
  const changed = fixed.flatMap(({ text }, index) => difference(blocks[index]?.text ?? '', text));
  expect(changed.join('\n')).toMatchInlineSnapshot(`
    "- min: 99
    - rollbackOnFailure: true
    - skipAnalysis: false
    + min: 99.9
    - # Termination grace period
    - terminationGracePeriodSeconds: 30
    + # Termination grace period
    + terminationGracePeriodSeconds: 30"
  `);
  expect(lintFiles(fixed).filter(({ edit }) => edit !== null)).toEqual([]);
  expect(fixFiles(fixed)).toEqual(fixed);
});

/** Lines that were taken away and lines that came, in order. */
function difference(before: string, after: string): readonly string[] {
  const old = before.split('\n');
  const now = after.split('\n');
  const gone = old.filter((line) => !now.includes(line)).map((line) => `- ${line.trim()}`);
  return [...gone, ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line.trim()}`)];
}

test('alone, each file says less but never fails', () => {
  for (const block of blocks)
    expect(lintFiles([block]).every(({ line, column }) => line > 0 && column > 0)).toBe(true);
});
