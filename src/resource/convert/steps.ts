import { formatDuration, parseDuration } from '../../lib/duration.ts';
import { failure, ok, type Result } from '../../lib/result.ts';

/** One step of `analysis.steps`. */
export interface WrittenStep {
  readonly weight: number;
  /** As in YAML: `5m`. */
  readonly duration: string;
}

export interface StepsProblem {
  readonly message: string;
  readonly offset: number;
}

/** Reads `10:5m,25:10m,50:15m`: rising weights in percent, each with the time it is held. */
export function parseSteps(text: string): Result<readonly WrittenStep[], StepsProblem> {
  const steps: WrittenStep[] = [];
  let before = 0;
  let offset = 0;
  for (const part of text.split(',')) {
    const step = parseStep(part, before);
    if (!step.ok) return failure({ message: step.error, offset });
    steps.push(step.value);
    before = step.value.weight;
    offset += part.length + 1;
  }
  return ok(steps);
}

function parseStep(part: string, before: number): Result<WrittenStep, string> {
  const match = /^\s*(\d+(?:\.\d+)?)\s*%?\s*:\s*(\S+)\s*$/.exec(part);
  if (!match) return failure(`"${part.trim()}" is not a step: write WEIGHT:TIME, such as 10:5m`);
  const weight = Number(match[1]);
  if (weight <= 0 || weight > 100) return failure(`the weight ${weight} is not from 1 to 100`);
  if (weight <= before) return failure(`the weight ${weight} comes after ${before}: weights rise`);
  const holdMs = parseDuration(match[2] ?? '');
  if (!holdMs.ok) return holdMs;
  if (holdMs.value === 0) return failure(`the step ${weight} has no length`);
  return ok({ weight, duration: formatDuration(holdMs.value) });
}
