import { weighsEvidence } from '../../analysis/weighs-evidence.ts';
import { formatDuration } from '../../lib/duration.ts';
import { annotationFor } from '../annotations.ts';
import { isRecord } from '../document.ts';
import { type Finding, findingAt, type FindingParts, type Path } from '../finding.ts';
import { metricKind } from '../metric-kind.ts';
import { judgesOf, someWeighEvidence } from '../judges-of.ts';
import { strategyOf } from '../strategy-of.ts';
import { sluiceOnlyFields } from '../schema/canary.ts';
import { pathText } from '../schema-findings.ts';
import { checkMetrics } from './check-metrics.ts';
import { checkSteps } from './check-steps.ts';
import type { CanaryResource } from './resource.ts';

/** What a Canary that fits the schema still has wrong, or surprises with. Looks at no other document. */
export function checkCanary(canary: CanaryResource): readonly Finding[] {
  return [
    ...checkFlavour(canary),
    ...checkRollbackOnFailure(canary),
    ...checkSteps(canary),
    ...checkJudging(canary),
    ...checkMetrics(canary),
    ...checkHooks(canary),
    ...checkAlerts(canary),
    ...checkMatch(canary),
    ...checkAffinity(canary),
  ];
}

function at(canary: CanaryResource, path: Path, parts: FindingParts): Finding {
  return findingAt(canary.document, path, parts);
}

function checkFlavour(canary: CanaryResource): readonly Finding[] {
  if (canary.flavour === 'sluice') return [];
  return sluiceOnlyFields.flatMap((pattern) =>
    pathsOf(canary.document.value, pattern).map((path) => {
      const message = `${pathText(path)} is a field of sluice.dev/v1alpha1, and this is a ${canary.document.apiVersion} object.`;
      const annotation = annotationFor(path);
      const other = annotation === null ? 'remove the field' : `write the annotation ${annotation} instead`;
      return at(canary, path, {
        code: 'sluice-only-field',
        message,
        fix: `write apiVersion: sluice.dev/v1alpha1, or ${other}`,
      });
    }),
  );
}

function pathsOf(value: unknown, pattern: readonly string[], prefix: Path = []): readonly Path[] {
  const [head, ...rest] = pattern;
  if (head === undefined) return value === undefined || value === null ? [] : [prefix];
  if (head === '*')
    return Array.isArray(value)
      ? value.flatMap((item, index) => pathsOf(item, rest, [...prefix, index]))
      : [];
  return isRecord(value) && Object.hasOwn(value, head) ? pathsOf(value[head], rest, [...prefix, head]) : [];
}

function checkRollbackOnFailure(canary: CanaryResource): readonly Finding[] {
  const { rollbackOnFailure } = canary.value.spec;
  const path = ['spec', 'rollbackOnFailure'];
  if (rollbackOnFailure === undefined) return [];
  const fix = 'remove it';
  if (!rollbackOnFailure)
    return [
      at(canary, path, { code: 'rollback-cannot-be-off', message: 'rollbackOnFailure is false.', fix }),
    ];
  const severity = canary.flavour === 'flagger' ? 'warning' : 'info';
  const edit =
    canary.flavour === 'flagger'
      ? ({ kind: 'remove', document: canary.document.index, path } as const)
      : null;
  return [
    at(canary, path, {
      code: 'rollback-on-failure',
      severity,
      message: 'rollbackOnFailure is true.',
      fix,
      edit,
    }),
  ];
}

function checkJudging(canary: CanaryResource): readonly Finding[] {
  const { analysis, skipAnalysis } = canary.value.spec;
  if (skipAnalysis === true) {
    return [
      at(canary, ['spec', 'skipAnalysis'], {
        code: 'skip-analysis',
        message: 'skipAnalysis is true.',
        fix: 'remove it',
      }),
    ];
  }
  if (analysis === undefined) return [];
  const findings: Finding[] = [];
  const rollingOnly = strategyOf(canary) === 'Rolling' || strategyOf(canary) === 'Recreate';
  if ((analysis.metrics ?? []).length === 0 && !rollingOnly) {
    const fix = 'add metrics, such as request-success-rate and request-duration';
    findings.push(
      at(canary, ['spec', 'analysis'], { code: 'no-checks', message: 'The analysis has no metrics.', fix }),
    );
  }
  if (canary.flavour === 'flagger' && (analysis.threshold ?? 0) <= 0) {
    const message =
      analysis.threshold === undefined
        ? 'analysis.threshold is missing; 1 is used.'
        : `threshold is ${analysis.threshold}; 1 is used.`;
    const path = ['spec', 'analysis', 'threshold'];
    findings.push(
      at(canary, path, {
        code: 'threshold-defaulted',
        message,
        fix: 'write how many failed checks roll back',
      }),
    );
  }
  if (canary.flavour === 'sluice' && analysis.threshold !== undefined && analysis.threshold <= 0) {
    const message = `threshold is ${analysis.threshold}.`;
    findings.push(
      at(canary, ['spec', 'analysis', 'threshold'], {
        code: 'invalid-value',
        message,
        fix: 'write 1 or more',
      }),
    );
  }
  findings.push(...checkJudgeSettings(canary));
  return findings;
}

const settings = ['falseRollback', 'margin', 'minEffect', 'level'] as const;

/** Settings that weighing judges alone read, in shadow or not, and what they may be. */
function checkJudgeSettings(canary: CanaryResource): readonly Finding[] {
  const { analysis } = canary.value.spec;
  if (analysis === undefined) return [];
  const { falseRollback, judge, shadow = [] } = analysis;
  const path = ['spec', 'analysis'];
  const findings: Finding[] = [];
  for (const field of settings) {
    if (analysis[field] === undefined || someWeighEvidence(judgesOf(canary))) continue;
    const parts = {
      code: 'judge-setting-unused',
      message: `${field} is set.`,
      fix: `remove ${field}`,
    } as const;
    findings.push(at(canary, [...path, field], parts));
  }
  if (falseRollback !== undefined && (falseRollback <= 0 || falseRollback > 50)) {
    const message = `falseRollback is ${falseRollback} %.`;
    const fix = 'write a percentage above 0 and up to 50, such as "1 %"';
    findings.push(at(canary, [...path, 'falseRollback'], { code: 'invalid-value', message, fix }));
  }
  if (canary.flavour === 'sluice' && analysis.threshold !== undefined && countsNothing(canary)) {
    const message = `threshold is ${analysis.threshold}.`;
    const fix = 'remove threshold, or write judge: threshold';
    findings.push(at(canary, [...path, 'threshold'], { code: 'threshold-counts-nothing', message, fix }));
  }
  if (judge !== undefined && shadow.includes(judge)) {
    const message = `${judge} decides and is in the shadow too.`;
    findings.push(
      at(canary, [...path, 'shadow'], {
        code: 'judge-setting-unused',
        message,
        fix: `remove ${judge} from shadow`,
      }),
    );
  }
  return findings;
}

/** Where evidence decides, `threshold` is for what is no evidence: queries and `rollout` webhooks. */
function countsNothing(canary: CanaryResource): boolean {
  const { metrics = [], webhooks = [] } = canary.value.spec.analysis ?? {};
  if (!weighsEvidence(judgesOf(canary).deciding)) return false;
  const asks = metrics.some((metric) => ['query', 'template'].includes(metricKind(metric) ?? ''));
  return !asks && !webhooks.some(({ type }) => type === 'rollout');
}

function checkHooks(canary: CanaryResource): readonly Finding[] {
  const { webhooks = [], interval = 60_000 } = canary.value.spec.analysis ?? {};
  const names = new Set<string>();
  return webhooks.flatMap((hook, index) => {
    const path = ['spec', 'analysis', 'webhooks', index];
    const findings: Finding[] = [];
    if (!/^https?:$/.test(URL.parse(hook.url)?.protocol ?? '')) {
      const message = `The hook "${hook.name}" has the address "${hook.url}".`;
      findings.push(
        at(canary, [...path, 'url'], {
          code: 'hook-url',
          message,
          fix: 'write an address that begins with http:// or https://',
        }),
      );
    }
    if (names.has(hook.name)) {
      const message = `A hook named "${hook.name}" stands above already.`;
      findings.push(
        at(canary, [...path, 'name'], {
          code: 'hook-duplicate',
          message,
          fix: 'give each hook its own name',
        }),
      );
    }
    names.add(hook.name);
    const timeout = hook.timeout ?? 10_000;
    if ((hook.type ?? '') !== 'event' && isRolloutHook(hook.type) && timeout > interval) {
      const message = `The hook "${hook.name}" may take ${formatDuration(timeout)}, longer than the interval of ${formatDuration(interval)}.`;
      findings.push(
        at(canary, [...path, 'timeout'], {
          code: 'hook-timeout-long',
          message,
          fix: 'shorten it, or run the hook as pre-rollout',
        }),
      );
    }
    return findings;
  });
}

function isRolloutHook(type: string | undefined): boolean {
  return type === undefined || type === '' || type === 'rollout';
}

function checkAlerts(canary: CanaryResource): readonly Finding[] {
  return (canary.value.spec.analysis?.alerts ?? []).flatMap((alert, index) => {
    if (alert.severity !== undefined && alert.severity !== '') return [];
    const path = ['spec', 'analysis', 'alerts', index];
    const edit = {
      kind: 'set',
      document: canary.document.index,
      path: [...path, 'severity'],
      value: 'info',
    } as const;
    const message = `The alert "${alert.name}" has no severity.`;
    return [
      at(canary, [...path, 'severity'], {
        code: 'alert-severity-empty',
        message,
        fix: 'write severity: info',
        edit,
      }),
    ];
  });
}

function checkMatch(canary: CanaryResource): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [index, entry] of (canary.value.spec.analysis?.match ?? []).entries()) {
    const path = ['spec', 'analysis', 'match', index];
    if (Object.keys(entry).length === 0) {
      findings.push(
        at(canary, path, {
          code: 'match-missing',
          message: 'The entry has no condition.',
          fix: 'add headers or cookies',
        }),
      );
    }
    for (const source of ['headers', 'cookies', 'queryParams'] as const) {
      for (const [name, condition] of Object.entries(entry[source] ?? {})) {
        if (condition.regex === undefined || isPattern(condition.regex)) continue;
        const message = `"${condition.regex}" is not a regular expression.`;
        findings.push(
          at(canary, [...path, source, name, 'regex'], {
            code: 'invalid-value',
            message,
            fix: 'correct the pattern',
          }),
        );
      }
    }
  }
  return findings;
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function checkAffinity(canary: CanaryResource): readonly Finding[] {
  const { analysis, service } = canary.value.spec;
  const affinity = analysis?.sessionAffinity;
  if (affinity === undefined) return [];
  const path = ['spec', 'analysis', 'sessionAffinity'];
  const findings: Finding[] = [];
  if (!isCookieName(affinity.cookieName)) {
    const message = `"${affinity.cookieName}" is not a name of a cookie.`;
    findings.push(
      at(canary, [...path, 'cookieName'], {
        code: 'invalid-name',
        message,
        fix: 'use letters, digits, "-" and "_"',
      }),
    );
  }
  if (affinity.primaryCookieName === affinity.cookieName) {
    const message = `Both cookies are named "${affinity.cookieName}".`;
    findings.push(
      at(canary, [...path, 'primaryCookieName'], {
        code: 'cookie-names-equal',
        message,
        fix: 'give them two names',
      }),
    );
  }
  if (service.assignBy !== undefined) {
    const message = 'There are both service.assignBy and analysis.sessionAffinity.';
    findings.push(at(canary, path, { code: 'assign-and-affinity', message, fix: 'keep one of them' }));
  }
  return findings;
}

/** RFC 6265: a token. */
function isCookieName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}
