import { backtest } from '../../analysis/history/backtest.ts';
import { type Half, halfOf } from '../../analysis/history/past-rollouts.ts';
import { viewSchema } from '../../resource/view.ts';
import type { CommandFunction } from '../command-options.ts';
import { exitCodes } from '../exit-codes.ts';
import { pastPlan, readPast } from '../history/past.ts';
import { backtestDocument, backtestLines } from '../render/backtest.ts';

export const run: CommandFunction = async (session, _args, options) => {
  const plan = await pastPlan(session, options);
  const past = await readPast(session, plan, options);
  for (const note of past.notes) session.progress.line(note);
  const half: Half = options['half'] === 'all' || options['half'] === 'odd' ? options['half'] : 'even';
  const report = backtest(past.judging, halfOf(past.healthy, half), past.bad, { course: past.course });
  const shown = { service: plan.service, judging: past.judging, past, report, half };
  await session.out.result({
    document: { schema: viewSchema, kind: 'BacktestReport', ...backtestDocument(shown) },
    items: report.judges,
    text: () => backtestLines(shown, session.context(session.host.nowMs())),
    names: () => report.judges.map(({ judge }) => judge),
  });
  return exitCodes.reached.code;
};
