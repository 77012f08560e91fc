/** `npm run cluster -- up|down|shell`: a cluster for a person. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { identify, isAlive, signalProcess } from '../../src/platform/local/process/identity.ts';
import { type ClusterState, clusterFolder, clusterState } from './cluster-state.ts';
import { insideNetwork, runInTerminal } from './network.ts';
import { programsToRun } from './programs.ts';

const usage = `usage: npm run cluster -- up | down | shell [-- COMMAND]   [--name NAME] [--module FOLDER]
  up      starts a cluster in the background and prints its KUBECONFIG
  down    ends it
  shell   a shell, or one command, with KUBECONFIG and kubectl, in the network of the pods; starts a cluster for that time if none is up`;

interface Options {
  readonly name: string;
  readonly module: string;
}

/** Throws a TypeError for options that there are none of, as parseArgs does. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { name: { type: 'string', default: 'default' }, module: { type: 'string', default: '' } },
    allowPositionals: true,
  });
  const [verb, ...command] = positionals;
  const options = { name: values.name, module: values.module === '' ? '' : resolve(values.module) };
  if (!/^[a-z0-9][a-z0-9-]*$/.test(options.name)) throw new TypeError(`--name ${options.name} is no name`);
  if (verb === 'up' && command.length === 0) return up(options);
  if (verb === 'down' && command.length === 0) return down(options);
  if (verb === 'shell') return shell(options, command);
  console.error(usage);
  return 2;
}

async function up(options: Options): Promise<number> {
  const state = clusterState(options.name) ?? (await start(options));
  console.log(`export KUBECONFIG=${state.kubeconfig}`);
  console.error(`kubectl: ${state.kubectl}`);
  return 0;
}

async function down({ name }: Options): Promise<number> {
  const state = clusterState(name);
  if (state === null) console.error(`no cluster ${name} is up`);
  else await end(state);
  return 0;
}

async function shell(options: Options, command: readonly string[]): Promise<number> {
  const running = clusterState(options.name);
  const state = running ?? (await start(options));
  try {
    return await runInTerminal(
      insideNetwork(
        state.inside?.pid ?? null,
        command.length > 0 ? command : [process.env['SHELL'] ?? '/bin/sh'],
      ),
      {
        KUBECONFIG: state.kubeconfig,
        PATH: `${dirname(state.kubectl)}${delimiter}${process.env['PATH'] ?? ''}`,
      },
    );
  } finally {
    if (running === null) await end(state);
  }
}

/** In the background, by a keeper that is ended again if this is interrupted before all is ready. */
async function start({ name, module }: Options): Promise<ClusterState> {
  await programsToRun({ ...(module === '' ? {} : { module }), log: console.error });
  const folder = clusterFolder(name);
  mkdirSync(dirname(folder), { recursive: true });
  const logFile = `${folder}.log`;
  const log = openSync(logFile, 'w');
  const keeper = spawn(
    process.execPath,
    [join(import.meta.dirname, 'keeper.ts'), 'outside', folder, module],
    { stdio: ['ignore', log, log], detached: true },
  );
  closeSync(log);
  const identity = identify(keeper.pid ?? 0);
  const interrupt = (): void => {
    if (identity !== null) signalProcess(identity, 'SIGTERM');
    process.exit(130);
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    for (;;) {
      const state = clusterState(name);
      if (state !== null) return state;
      if (identity === null || !isAlive(identity)) throw new Error(readFileSync(logFile, 'utf8'));
      await sleep(100);
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    keeper.unref();
  }
}

async function end({ keeper }: ClusterState): Promise<void> {
  if (keeper === null) return;
  signalProcess(keeper, 'SIGTERM');
  while (isAlive(keeper)) await sleep(50);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
