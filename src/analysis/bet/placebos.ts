import type { ArmCounts, PodCounts } from '../block.ts';
import { countBad, unsound } from './bad-count.ts';
import { absoluteRatios } from './factors.ts';
import type { FactorForm } from './forms.ts';
import { advanceProcess, type Course, evidenceOfProcess, type Process, startProcess } from './process.ts';

/**
 * The comparison's bet with each stable pod in the canary's role, against the other stable pods. Where several of them look as bad as a
 * suspicious canary, pods differ from each other for good, which no comparison of few pods can tell from a bad release.
 */
export type Placebos = Readonly<Record<string, Process>>;

/** With fewer, one bad pod makes all others look odd. */
const leastPods = 3;
/** The first by name: each costs a bet a block. */
const mostPods = 16;
/** One pod may well be sick; two are a habit. */
const enoughAbove = 2;

/** undefined: no comparison between stable pods is possible, now or before. */
export function advancePlacebos(
  before: Placebos | undefined,
  stable: ArmCounts | null,
  context: { readonly course: Course; readonly form: FactorForm; readonly margin: number },
): Placebos | undefined {
  const pods = stable?.pods === undefined ? [] : servingPods(stable, stable.pods);
  if (pods.length < leastPods) return before;
  const kept = before ?? {};
  const chosen = new Set(
    choose(
      pods.map(({ name }) => name),
      kept,
    ),
  );
  const requests = pods.reduce((sum, pod) => sum + pod.requests, 0);
  const bad = pods.reduce((sum, pod) => sum + pod.bad, 0);
  const processes = new Map(Object.entries(kept).filter(([name]) => chosen.has(name)));
  for (const pod of pods) {
    if (!chosen.has(pod.name)) continue;
    const process = processes.get(pod.name) ?? startProcess(absoluteRatios.length);
    processes.set(pod.name, bad === 0 ? process : advanced(process, pod));
  }
  return Object.fromEntries(processes);

  function advanced(process: Process, pod: ServingPod): Process {
    const shared = {
      canaryRequests: pod.requests,
      canaryBad: pod.bad,
      stableRequests: requests - pod.requests,
      stableBad: bad - pod.bad,
    };
    const factors = context.form.share(shared, context.margin, absoluteRatios);
    return advanceProcess(process, factors, context.course).process;
  }
}

/** How many there are, and how many are suspicious at the moment: at or above √u. null: none, as in a bake, where stable is idle. */
export function countPlacebos(
  placebos: Placebos | undefined,
  course: Course,
  logLevel: number,
): { readonly pods: number; readonly above: number } | null {
  if (placebos === undefined || course.kind === 'bake') return null;
  const processes = Object.values(placebos);
  const above = processes.filter(
    (process) => Math.log(Math.max(evidenceOfProcess(process, course), 1e-12)) >= logLevel / 2,
  );
  return { pods: processes.length, above: above.length };
}

/** Stable pods differ so much that the canary's difference from them says nothing. */
export function placebosExcuse(placebos: { readonly above: number } | null): boolean {
  return placebos !== null && placebos.above >= enoughAbove;
}

interface ServingPod {
  readonly name: string;
  readonly requests: number;
  readonly bad: number;
}

/** None where the pods do not add up to their arm. */
function servingPods(arm: ArmCounts, pods: Readonly<Record<string, PodCounts>>): readonly ServingPod[] {
  let requests = 0;
  let errors = 0;
  const serving: ServingPod[] = [];
  for (const [name, counts] of Object.entries(pods)) {
    if (unsound(counts) !== null) return [];
    requests += counts.requests;
    errors += counts.errors;
    const counted = countBad(counts, { kind: 'errors' });
    if (counted !== null && counted.requests > 0) serving.push({ name, ...counted });
  }
  return requests === arm.requests && errors === arm.errors ? serving : [];
}

/** Those that are followed stay, so that their evidence can grow; places of pods that are gone go to new ones when all are taken. */
function choose(serving: readonly string[], kept: Placebos): readonly string[] {
  const followed = Object.keys(kept);
  const fresh = serving.filter((name) => !Object.hasOwn(kept, name)).toSorted();
  if (followed.length + fresh.length <= mostPods) return [...followed, ...fresh];
  const alive = followed.filter((name) => serving.includes(name));
  return [...alive, ...fresh].slice(0, mostPods);
}
