import { SluiceClient } from '../client/client.ts';
import { readFiles } from '../cli/read-files.ts';
import { actorOf } from '../cli/session.ts';
import type { UpOptions } from '../cli/host.ts';
import { monotonicClock } from '../engine/clock.ts';
import { openRecord } from '../record/open.ts';
import { SluiceError, toSluiceError } from '../lib/error.ts';
import { checkDocuments } from '../resource/check/check-documents.ts';
import { readDocuments } from '../resource/document.ts';
import { hasErrors } from '../resource/finding.ts';
import { InvalidManifest } from '../resource/invalid-manifest.ts';
import type { ManifestFile } from '../resource/view.ts';
import { startDetached } from './detached.ts';
import type { EngineProcess } from './engine.ts';
import { type Log, openEngineLog } from './engine-log.ts';
import { entryUrl } from './self-command.ts';
import { nextStop } from './signals.ts';
import { makeStateDirectory } from './state-directory.ts';

/** `sluice up`: runs the engine until it is told to stop, or starts it in the background and returns when it is ready. */
export async function up(options: UpOptions): Promise<number> {
  const files =
    options.files.length === 0
      ? []
      : await readFiles({ cwd: process.cwd(), stdin: process.stdin }, options.files);
  refuseBroken(files);
  return options.detach ? await upDetached(options, files) : await upHere(options, files);
}

/** What is wrong by itself is said before anything is started; what depends on services that run is said by `apply`. */
function refuseBroken(files: readonly ManifestFile[]): void {
  const read = files.map(({ file, text }) => readDocuments(file, text));
  const checked = checkDocuments(read.flatMap((one) => one.documents));
  const findings = [...read.flatMap((one) => one.findings), ...checked.findings];
  if (hasErrors(findings)) throw new InvalidManifest(findings.map(({ edit: _edit, ...finding }) => finding));
}

/** An engine of its own in the background, for the demo. Throws SluiceError with what it said if it does not start. */
export async function startEngine(state: string): Promise<void> {
  const start = await startDetached({
    state,
    apiPort: 0,
    detach: true,
    files: [],
    quiet: true,
    alertUrl: null,
  });
  if (start.kind === 'ended') throw new SluiceError({ code: 'internal', message: start.text.trim() });
}

async function upDetached(options: UpOptions, files: readonly ManifestFile[]): Promise<number> {
  const start = await startDetached(options);
  if (start.kind === 'ended') {
    process.stderr.write(start.text);
    return start.exit;
  }
  if (!options.quiet)
    process.stderr.write(`sluice is up (process ${start.pid}), state in ${options.state}\n`);
  process.stdout.write(`${start.address}\n`);
  await apply(options.state, files);
  return 0;
}

/**
 * Ctrl-C drains and stops everything; SIGTERM ends the engine alone, and traffic is served on by proxy and applications. A
 * second Ctrl-C does not wait for the drain.
 */
async function upHere(options: UpOptions, files: readonly ManifestFile[]): Promise<number> {
  const say = (message: string): void => {
    if (!options.quiet) process.stderr.write(`${message}\n`);
  };
  await makeStateDirectory(options.state);
  const log = openEngineLog(options.state, (level, message) => {
    if (level !== 'info') say(`${level}: ${message}`);
  });
  const asked = Promise.withResolvers<'all' | 'engine'>();
  const engine = await start(options, log, (all) => asked.resolve(all ? 'all' : 'engine'));
  log('info', `up, API on ${engine.address}`);
  say(`sluice is up: API on ${engine.address}, state in ${options.state}`);
  say('Ctrl-C drains and stops everything; SIGTERM ends the engine alone.');
  void nextStop().then((signal) => asked.resolve(signal === 'SIGINT' ? 'all' : 'engine'));
  void apply(options.state, files).catch((thrown: unknown) => {
    const error = toSluiceError(thrown, 'internal');
    log('error', `the manifests were not applied: ${error.message} (${error.code}). ${error.cure}`);
  });
  const what = await asked.promise;
  say(
    what === 'all'
      ? 'Draining and stopping everything; Ctrl-C again does not wait.'
      : 'The engine ends; traffic is served on.',
  );
  process.once('SIGINT', () => process.exit(130));
  await engine.stop(what === 'all');
  log('info', what === 'all' ? 'stopped everything' : 'the engine ended, traffic is served on');
  return 0;
}

/** The record is opened in its thread while this one reads the engine's modules: that halves the time to ready. */
async function start(
  options: UpOptions,
  log: Log,
  onStopAsked: (all: boolean) => void,
): Promise<EngineProcess> {
  const { state, apiPort, alertUrl } = options;
  const clock = monotonicClock(0);
  const opening = openRecord({ directory: state, clock, workerUrl: entryUrl(), log });
  const [record, { startEngineProcess }] = await Promise.all([opening, import('./engine.ts')]);
  return await startEngineProcess({ state, apiPort, alertUrl, clock, record, log, onStopAsked });
}

/** Through the API, as `sluice apply` does, so that it is the same in every way. */
async function apply(state: string, files: readonly ManifestFile[]): Promise<void> {
  if (files.length === 0) return;
  const { services } = await SluiceClient.of(state, { actor: actorOf(process.env) }).apply({ files });
  for (const { key, change, revision } of services)
    process.stderr.write(`${key} ${change} (revision ${revision})\n`);
}
