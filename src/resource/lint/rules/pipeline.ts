import { formatDuration, parseDuration } from '../../../lib/duration.ts';
import type { SourceDocument } from '../../document.ts';
import { type Finding, findingIn, type FindingParts, type Path } from '../../finding.ts';
import type { CanarySource, LintContext } from '../context.ts';
import { flaggerRun } from '../flagger-arithmetic.ts';
import { kubectlCommands, type KubectlCommand } from '../kubectl-command.ts';
import { placeInText } from '../text-place.ts';
import { durationAt, listAt, numberAt, recordAt, textAt } from '../values.ts';

interface Call {
  readonly command: KubectlCommand;
  at(parts: FindingParts): Finding;
}

/** Workflows that deploy something and wait for it. */
export function lintPipelines(context: LintContext): readonly Finding[] {
  return context.workflows.flatMap((document) => {
    const calls = callsOf(document);
    // A workflow that never speaks of a Canary may manage Deployments as it likes, unless one of them is a Canary's.
    const waits = calls.some(({ command }) => isCanaryWord(command.words[1] ?? ''));
    return calls.flatMap((call) => lintCall(context, call, waits));
  });
}

function callsOf(document: SourceDocument): readonly Call[] {
  const jobs = recordAt(document.value, ['jobs']) ?? {};
  return Object.keys(jobs).flatMap((job) =>
    listAt(jobs, [job, 'steps']).flatMap((step, index) => {
      const script = textAt(step, ['run']);
      if (script === null) return [];
      const path: Path = ['jobs', job, 'steps', index, 'run'];
      return kubectlCommands(script).map((command) => ({
        command,
        at: (parts: FindingParts) =>
          findingIn(document.file, placeInText(document, path, script, command.offset), parts),
      }));
    }),
  );
}

function lintCall(context: LintContext, call: Call, waits: boolean): readonly Finding[] {
  const { words } = call.command;
  const [verb, second = '', third = ''] = words;
  if (verb === 'wait' && isCanaryWord(second)) return lintWait(context, call);
  if (verb === 'rollout' && (second === 'undo' || second === 'status')) {
    const target = workloadOf(words.slice(2));
    const canary = target === null ? undefined : findCanary(context, call.command, target);
    if (target === null || (canary === undefined && !waits) || target.endsWith('-primary')) return [];
    return [second === 'undo' ? undo(call, target) : status(call, target)];
  }
  const deletes = verb === 'delete' || (verb === 'replace' && call.command.flags.has('force'));
  if (deletes && (isCanaryWord(second) || isCanaryWord(third))) {
    const message = `The pipeline runs kubectl ${verb} on a Canary.`;
    return [
      call.at({
        code: 'delete-in-pipeline',
        message,
        fix: 'apply the Canary instead, or set revertOnDeletion: true first',
      }),
    ];
  }
  return [];
}

function isCanaryWord(word: string): boolean {
  return /^canar(y|ies)(\.[a-z.]+)?(\/|$)/.test(word);
}

/** `deployment/shop` or `deployment shop`. */
function workloadOf(words: readonly string[]): string | null {
  const [first = '', second] = words;
  const match = /^(?:deployment|deployments|deploy)(?:\.apps)?(?:\/(.+))?$/.exec(first);
  return match ? (match[1] ?? second ?? null) : null;
}

function findCanary(context: LintContext, command: KubectlCommand, name: string): CanarySource | undefined {
  const namespace = command.flags.get('namespace');
  return context.canaries.find(
    ({ document, target }) =>
      target === name && (namespace === undefined || namespace === document.namespace),
  );
}

function undo(call: Call, target: string): Finding {
  const message = `kubectl rollout undo on ${target} works against the controller that releases it.`;
  const fix = `leave it out: a failed release is rolled back by itself; by hand use "sluice rollback ${target}"`;
  return call.at({ code: 'undo-fights-controller', message, fix });
}

function status(call: Call, target: string): Finding {
  const message = `kubectl rollout status watches ${target}, not what serves production.`;
  const fix = `watch the Canary with "sluice wait ${target}", or deployment/${target}-primary under Flagger`;
  return call.at({ code: 'status-of-canary', message, fix });
}

function lintWait(context: LintContext, call: Call): readonly Finding[] {
  const { flags, words } = call.command;
  const condition = flags.get('for') ?? '';
  if (!/^condition=promoted(=true)?$/i.test(condition)) return [];
  const name = words[1]?.split('/')[1] ?? words[2] ?? '';
  const wait = `"sluice wait ${name || 'SERVICE'}"`;
  const timeout = parseDuration(flags.get('timeout') ?? '30s');
  const shown = timeout.ok ? formatDuration(timeout.value) : 'its timeout';
  const found = [
    call.at({
      code: 'wait-already-true',
      message: 'kubectl wait for Promoted is true before the release has begun.',
      fix: `use ${wait}: it first waits until the new revision is seen`,
    }),
    call.at({
      code: 'wait-not-failing-fast',
      message: `After a rollback this still waits for ${shown}.`,
      fix: `use ${wait}: it ends with the release, however that ends, and says how by its exit code`,
    }),
  ];
  const canary = context.canaries.find(
    ({ document }) =>
      document.name === name && (!flags.has('namespace') || flags.get('namespace') === document.namespace),
  );
  const longest = canary ? longestRun(context, canary) : null;
  if (timeout.ok && longest !== null && timeout.value < longest.totalMs) {
    const message = `The wait gives up after ${shown}; a release that ends well may take ${formatDuration(longest.totalMs)} (${longest.words}).`;
    found.push(
      call.at({
        code: 'wait-too-short',
        message,
        fix: `write --timeout=${Math.ceil((longest.totalMs * 1.1) / 60_000)}m or more`,
      }),
    );
  }
  return found;
}

interface LongestRun {
  readonly totalMs: number;
  readonly words: string;
}

/** The longest run that can still end in a promotion. */
function longestRun(context: LintContext, { document, spec, target, flavour }: CanarySource): LongestRun {
  const workload = context
    .ofKind('Deployment')
    .find((one) => one.name === target && one.namespace === document.namespace);
  const startMs = (numberAt(spec, ['progressDeadlineSeconds']) ?? 600) * 1000;
  const rollMs = (numberAt(workload?.value, ['spec', 'progressDeadlineSeconds']) ?? 600) * 1000;
  const pods = `${formatDuration(startMs)} until the canary is ready, ${formatDuration(rollMs)} to replace stable`;
  if (flavour === 'sluice') {
    const holds = listAt(spec, ['analysis', 'steps']).map((step) => durationAt(step, ['duration']) ?? 0);
    const heldMs = holds.reduce((sum, hold) => sum + hold, 0) + (durationAt(spec, ['bakeDuration']) ?? 0);
    return {
      totalMs: heldMs + startMs + rollMs,
      words: `${formatDuration(heldMs)} of steps and bake, ${pods}`,
    };
  }
  const run = flaggerRun(spec);
  const failedMs = (run.threshold - 1) * run.intervalMs;
  const words = `${formatDuration(run.healthyMs)} of checks, ${formatDuration(failedMs)} for ${run.threshold - 1} that may fail, ${pods}`;
  return { totalMs: run.healthyMs + failedMs + startMs + rollMs, words };
}
