import { tune } from '../../analysis/history/tune.ts';
import { parsePercentage } from '../../lib/percentage.ts';
import { tunedManifest } from '../../resource/tuned-manifest.ts';
import { viewSchema } from '../../resource/view.ts';
import {
  type CommandFunction,
  type CommandOptions,
  listOption,
  textOption,
  usage,
} from '../command-options.ts';
import { exitCodes } from '../exit-codes.ts';
import { pastPlan, readPast } from '../history/past.ts';
import { tunedSettings } from '../history/tuned-settings.ts';
import { readFiles } from '../read-files.ts';
import { tuneDocument, tuneLines } from '../render/tune.ts';
import { unifiedDiff } from '../render/unified-diff.ts';

/** Prints a change of the manifest and never makes it. */
export const run: CommandFunction = async (session, _args, options) => {
  if (listOption(options, 'file').includes('-'))
    throw usage('a change is made to a file: -f cannot be stdin');
  const plan = await pastPlan(session, options);
  const past = await readPast(session, plan, options);
  for (const note of past.notes) session.progress.line(note);
  const { course, judging } = past;
  const target = targetOption(options) ?? judging.bet?.falseRollback ?? 0.01;
  const tuning = tune(judging, past.healthy, past.bad, { course, target });
  const settings = tunedSettings(tuning, judging);
  const { file } = plan.canary.document;
  const text = (await readFiles(session.host, [file]))[0]?.text ?? '';
  const diff = unifiedDiff(file, text, tunedManifest(text, plan.canary, settings));
  const shown = { service: plan.service, judging, past, tuning, settings, target, diff };
  await session.out.result({
    document: { schema: viewSchema, kind: 'TuneProposal', ...tuneDocument(shown) },
    text: () => tuneLines(shown),
    names: () => Object.keys(settings.limits),
  });
  if (diff.length > 0)
    session.progress.line('Nothing is changed. To take it over, save it and run: patch < FILE');
  return exitCodes.reached.code;
};

function targetOption(options: CommandOptions): number | null {
  const text = textOption(options, 'target');
  if (text === undefined) return null;
  const percent = parsePercentage(text);
  if (percent.ok && percent.value > 0 && percent.value < 100) return percent.value / 100;
  throw usage(`--target is a share such as "1 %", not "${text}"`);
}
