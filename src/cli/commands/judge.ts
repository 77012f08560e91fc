import { replay } from '../../analysis/trace/replay.ts';
import { viewSchema } from '../../resource/view.ts';
import { type CommandFunction, listOption, textOption, usage } from '../command-options.ts';
import { readTraceFile } from '../read-trace.ts';
import { replayLines, traceFindingLines } from '../render/judge.ts';
import { judgingFor, withSizeOf } from '../trace-plan.ts';

/** Ends with 0 for a pass, 3 for a fail, 5 where nothing is decided. */
export const run: CommandFunction = async (session, _args, options) => {
  const file = textOption(options, 'trace') ?? '-';
  if (file === '-' && listOption(options, 'file').includes('-'))
    throw usage('the trace and a manifest cannot both be stdin');
  const judging = await judgingFor(session, options);
  const trace = await readTraceFile(session.host, file);
  const plan = withSizeOf(judging, trace);
  const replayed = replay(trace, plan);
  const name = file === '-' ? 'stdin' : file;
  for (const line of traceFindingLines(name, replayed.findings, session.progressStyle))
    session.progress.line(line);
  await session.out.result({
    document: { schema: viewSchema, kind: 'Judgement', ...replayed.result },
    text: () => replayLines({ name, trace, plan, replayed }, session.style),
    names: () => [replayed.result.verdict],
  });
  return replayed.exit;
};
