import { formatDuration } from '../../../lib/duration.ts';
import { type Finding, findingAt, type FindingParts } from '../../finding.ts';
import type { CanarySource, LintContext, Part } from '../context.ts';
import { flaggerRun } from '../flagger-arithmetic.ts';
import { readLoadCommand } from '../load-command.ts';
import { durationAt, recordAt, textAt } from '../values.ts';

const blocking = new Set(['bash', 'helm', 'helmv3', 'kubectl']);
const known = new Set([...blocking, 'cmd', 'concord', 'ngrinder']);

/** Webhooks, above all those of the load tester. */
export function lintHooks(context: LintContext): readonly Finding[] {
  return context.canaries.flatMap((canary) => canary.hooks.flatMap((hook) => lintHook(canary, hook)));
}

function lintHook(canary: CanarySource, hook: Part): readonly Finding[] {
  const metadata = recordAt(hook.value, ['metadata']);
  const command = textAt(hook.value, ['metadata', 'cmd']);
  if (metadata === null || command === null) return everyTick(canary, hook, null);
  const task = textAt(metadata, ['type']) ?? 'cmd';
  const at = (parts: FindingParts, key = 'type'): Finding =>
    findingAt(canary.document, [...hook.path, 'metadata', key in metadata ? key : 'cmd'], parts);
  if (!known.has(task)) {
    return [
      at({
        code: 'hook-unknown-task',
        message: `metadata.type is "${task}".`,
        fix: 'write cmd for load; assert with metrics',
      }),
    ];
  }
  if (blocking.has(task)) return [...runsCommands(task, at), ...everyTick(canary, hook, task)];
  if (task !== 'cmd') return [];
  const load = readLoadCommand(command);
  if (load === null) {
    const message = `The hook "${hook.name}" runs "${shorten(command)}" and passes whatever comes of it.`;
    const fix = 'judge by a metric, or have a service run the test and answer with its result';
    return [at({ code: 'hook-cannot-fail', message, fix })];
  }
  const found = [
    at({
      code: 'hook-load-only',
      message: `The hook "${hook.name}" can never fail a release.`,
      fix: 'nothing, if load is all that it is for: the metrics judge',
    }),
  ];
  const { intervalMs } = flaggerRun(canary.spec);
  if (load.durationMs !== null && load.durationMs <= intervalMs && isRolloutHook(hook)) {
    const message = `The load lasts ${formatDuration(load.durationMs)}, and the next check comes after ${formatDuration(intervalMs)}.`;
    found.push(
      at(
        {
          code: 'hook-load-short',
          message,
          fix: `let it last longer than the interval, such as ${formatDuration(intervalMs * 2)}`,
        },
        'cmd',
      ),
    );
  }
  const health = load.urls.find((url) =>
    /\/(health|healthz|livez|readyz|ready|ping|status|actuator\/health)(\/|\?|$)/.test(url),
  );
  if (health !== undefined) {
    const message = `The load goes to ${health}.`;
    found.push(
      at(
        {
          code: 'hook-load-dilutes',
          message,
          fix: 'send it to paths that users call, or leave this path out of the queries',
        },
        'cmd',
      ),
    );
  }
  return found;
}

function runsCommands(task: string, at: (parts: FindingParts) => Finding): readonly Finding[] {
  const message = `metadata.type is ${task}: the load tester runs the command and blocks until it ends.`;
  const fix =
    'put the test behind a small HTTP service that answers 200 or 500 and point url at it, or run it in the pipeline before the release';
  return [at({ code: 'hook-runs-commands', message, fix })];
}

function isRolloutHook(hook: Part): boolean {
  const type = textAt(hook.value, ['type']) ?? '';
  return type === '' || type === 'rollout';
}

function everyTick(canary: CanarySource, hook: Part, task: string | null): readonly Finding[] {
  const type = textAt(hook.value, ['type']) ?? '';
  const looksLikeTest = /test|smoke|accept|verify|check/i.test(hook.name);
  if (type !== '' || (task === null && !looksLikeTest)) return [];
  const { intervalMs } = flaggerRun(canary.spec);
  const timeoutMs = durationAt(hook.value, ['timeout']) ?? 10_000;
  const message = `The hook "${hook.name}" has no type: it runs every ${formatDuration(intervalMs)}, and counts as failed where it takes longer than ${formatDuration(timeoutMs)}.`;
  const fix = 'write type: pre-rollout to run it once, with a timeout longer than the test';
  return [findingAt(canary.document, [...hook.path, 'name'], { code: 'hook-every-tick', message, fix })];
}

function shorten(text: string): string {
  return text.length > 50 ? `${text.slice(0, 47)}...` : text;
}
