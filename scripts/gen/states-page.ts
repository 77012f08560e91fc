import type { FlaggerPhase } from '../../src/resource/phase.ts';
import { startRollout } from '../../src/rollout/lifecycle.ts';
import { phaseOf } from '../../src/rollout/phase-of.ts';
import type { Owner, RolloutState, StateName } from '../../src/rollout/state.ts';
import { examplePlan } from '../../test/fakes/examples.ts';
import { code, madeFrom, page, table } from './markdown.ts';
import { reasonTexts } from './reason-texts.ts';

/** The compiler refuses a state without a text. */
const stateTexts: Readonly<Record<StateName, string>> = {
  Pending: 'It has not begun: it waits for an earlier rollout or for `confirm-rollout`.',
  Starting: 'Stable is made ready, then the canary is started. No user reaches the canary.',
  Stepping: 'The canary gets the replicas that the step needs; then the weight is written and proven.',
  Holding:
    'The weight is in force. Checks are judged until the step has its time, its passes and its requests.',
  AwaitingApproval: 'A gate is closed: a person or a webhook has to let it on. Checks go on.',
  Paused: 'Clocks stand still, checks go on. A failing check still rolls back.',
  Promoting: 'All traffic goes to the canary (`bake`), or stable is replaced under it (`rolling`).',
  Baking: 'All users are on the new version, the old one is kept warm, checks go on.',
  Draining: 'It is promoted for good; what is left of the run is emptied and removed.',
  RollingBack: 'Decided: weight 0 is written and proven, then the canary is emptied and removed.',
  Promoted: 'End: the new version serves as stable.',
  RolledBack: 'End: a check, a deadline or a hook took it back.',
  Aborted: 'End: a person, a back-out, a deletion or a target that is gone called it off.',
  Failed: 'End: it could not act. A person has to look.',
  Superseded: 'End: a newer revision came.',
};

const ownerTexts: Readonly<Record<Owner, string>> = {
  controller: 'Sluice itself. Nobody needs to act.',
  person: 'A person: approve, resume, advance, promote or roll back.',
  'data plane': 'The proxy: to prove that the traffic is as asked, or that nothing is in flight.',
  metrics: 'Measurements that can be judged.',
  workload: 'The processes: to become ready, or to end.',
  webhook: 'The answer of a webhook.',
};

const phaseTexts: Readonly<Record<FlaggerPhase, string>> = {
  Initializing: 'The first revision is on its way.',
  Initialized: 'The first revision serves.',
  Waiting: '`confirm-rollout` has not passed yet.',
  Progressing: 'A rollout runs, or takes the traffic back.',
  WaitingPromotion: '`confirm-promotion` or the approval of the promotion is open.',
  Promoting: 'Stable becomes the new revision.',
  Finalising: 'Bake and clean-up.',
  Succeeded: 'The last rollout was promoted.',
  Failed:
    'The last rollout was taken back. Shown as soon as weight 0 is proven, before the canary is drained.',
  Terminating: 'The service is being deleted.',
};

export function statesPage(): string {
  const states = Object.entries(stateTexts) as [StateName, string][];
  const phases = Object.entries(phaseTexts) as [FlaggerPhase, string][];
  return page(
    madeFrom('src/rollout/state.ts', 'src/resource/phase.ts'),
    '# States and reasons',
    'Where a rollout is, as `sluice get`, `sluice why` and the API say it. Which state follows which, and when, is in ' +
      '[SPEC](../../src/rollout/SPEC.md).',
    '## States',
    table(
      ['state', 'means', "Flagger's phase"],
      states.map(([name, text]) => [code(name), text, phaseCell(name)]),
    ),
    '## Owners',
    'Whose turn it is.',
    table(
      ['owner', 'is waited for'],
      Object.entries(ownerTexts).map(([owner, text]) => [owner, text]),
    ),
    '## Reasons',
    'Why it is where it is. What to do about each is in [a rollout that is stuck](../runbooks/rollout-stuck.md).',
    ...reasonTexts.flatMap(({ heading, reasons }) => [
      `### ${heading}`,
      table(
        ['reason', 'means', 'owner'],
        Object.entries(reasons).map(([reason, [text, owners]]) => [code(reason), text, owners.join(', ')]),
      ),
    ]),
    "## Flagger's phases",
    'A service shows one of the words that a `Canary` of Flagger has in `status.phase`, with the status of its condition `Promoted`.',
    table(
      ['phase', 'means', '`Promoted`'],
      phases.map(([phase, text]) => [code(phase), text, promoted(phase)]),
    ),
  );
}

/** Flagger's one condition: True while nothing is on the way, False after a failure. */
function promoted(phase: FlaggerPhase): string {
  if (phase === 'Initialized' || phase === 'Succeeded') return 'True';
  return phase === 'Failed' ? 'False' : 'Unknown';
}

/** Of a service that has a promoted revision already. */
function phaseCell(name: StateName): string {
  const phase = (change: Partial<RolloutState>): string =>
    code(phaseOf({ ...started, name, ...change }, examplePlan));
  const usual = phase({});
  switch (name) {
    case 'Pending':
      return 'as before';
    case 'Superseded':
      return "the new run's";
    case 'AwaitingApproval':
      return `${phase({ resume: 'Pending' })} at the start, ${phase({ step: examplePlan.steps.length - 1 })} at the end, else ${usual}`;
    case 'RollingBack':
      return `${usual}, from weight 0 in force on ${phase({ restoredAtMs: 0 })}`;
    default:
      return usual;
  }
}

const started = startRollout({
  identity: { uid: 'u', name: 'shop-b-1', revision: 'b', stableRevision: 'a' },
  plan: examplePlan,
  nowMs: 0,
});
