import { Command, Option } from 'commander';
import type { CommandFunction, CommandOptions } from './command-options.ts';
import { globalOptionList } from './global-options.ts';
import { judgeNames } from './judge-names.ts';

/** Loads a command's module when it runs, and not before: `sluice version` must not pay for the others. */
type Loader = () => Promise<{ readonly run: CommandFunction }>;

export interface Invocation {
  readonly command: Command;
  readonly args: readonly string[];
  readonly options: CommandOptions;
  readonly load: Loader;
}

const action: Loader = () => import('./commands/action.ts');
const setting: Loader = () => import('./commands/setting.ts');

/** The whole command tree. `invoke` gets what the user asked for; nothing has run by then. */
export function createProgram(invoke: (invocation: Invocation) => Promise<void>): Command {
  const program = new Command('sluice')
    .description(
      'Releases new versions of services by moving real traffic to them in steps, judged on that traffic.',
    )
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .helpCommand(false);
  for (const option of globalOptionList()) program.addOption(option);

  const add = (usage: string, description: string, load: Loader, parent: Command = program): Command => {
    const command = parent.command(usage).description(description).helpOption('-h, --help', 'show this');
    // `load` takes the arguments of hey, some of which have the same letters.
    if (command.name() !== 'load')
      for (const option of globalOptionList()) command.addOption(option.hideHelp());
    return command.action(async () => {
      await invoke({ command, args: command.args, options: command.opts(), load });
    });
  };

  addEngineCommands(program, add);
  addServiceCommands(program, add);
  addRolloutCommands(program, add);
  addOfflineCommands(program, add);
  addOtherCommands(program, add);
  return program;
}

type Add = (usage: string, description: string, load: Loader, parent?: Command) => Command;

function addEngineCommands(program: Command, add: Add): void {
  program.commandsGroup('Engine:');
  add('up', 'start the engine with keeper and proxy', () => import('./commands/up.ts'))
    .option('-f, --file <file...>', 'apply these manifests once it is ready')
    .option('--alert-url <url>', 'post warnings and errors there as JSON with a text, as Slack reads it')
    .option('--api-port <port>', 'port of the API on loopback (default: any free one)')
    .option('-d, --detach', 'return when it is ready');
  add('down', 'drain and stop everything', () => import('./commands/down.ts')).option(
    '--engine-only',
    'leave proxy and processes running',
  );
  add('doctor', 'look for what is wrong', () => import('./commands/doctor.ts'));
}

function addServiceCommands(program: Command, add: Add): void {
  program.commandsGroup('Services:');
  add('init [folder]', 'write a commented sluice.yaml', () => import('./commands/init.ts'));
  add('apply [files...]', 'make or change services', () => import('./commands/apply.ts'))
    .option('-f, --file <file...>', 'manifests; "-" is stdin')
    .option('--dry-run', 'check against the engine, change nothing');
  add(
    'delete <service>',
    'remove a service; a running rollout is taken back first',
    () => import('./commands/delete.ts'),
  );
  add('enable <service>', 'roll out its changes again', setting);
  add('disable <service>', 'no rollouts: a change goes out as a plain rolling update', setting);
  add('list', 'all services and where they are', () => import('./commands/list.ts'));
  add('get <service>', 'one service in full', () => import('./commands/get.ts')).option(
    '--source',
    'the manifests as applied',
  );
  add('logs <service>', 'what its processes print', () => import('./commands/logs.ts'))
    .option('-f, --follow', 'go on with new lines')
    .option('--lines <n>', 'lines of each process to begin with', '100')
    .addOption(new Option('--arm <arm>', 'only this arm').choices(['stable', 'canary']))
    .option('--revision <revision>', 'only this revision');
}

function addRolloutCommands(program: Command, add: Add): void {
  program.commandsGroup('Rollouts:');
  waitOptions(
    add(
      'deploy <service>',
      'ask for a new version; prints its revision',
      () => import('./commands/deploy.ts'),
    )
      .option('--set <key=value...>', 'command=…, args=… or env.NAME=…')
      .option('--wait', 'wait for the end of its rollout'),
  );
  add('watch [service]', 'follow rollouts live', () => import('./commands/watch.ts')).option(
    '--follow',
    'go on after the end of a rollout',
  );
  waitOptions(
    add('wait <service>', "wait for the end of a revision's rollout", () => import('./commands/wait.ts')),
  )
    .option('--revision <revision>', 'what to wait for (default: what the service wants now)')
    .option('--observe-timeout <duration>', 'how long the revision may take to appear', '60s');
  add('why <service>', 'what it is doing and what it waits for', () => import('./commands/why.ts'));
  const actions = [
    ['promote', 'skip what is left and promote'],
    ['advance', 'go to the next step now'],
    ['pause', 'stop the clock; checks go on judging'],
    ['resume', 'go on after a pause'],
    ['approve', 'open the gate that it waits at'],
    ['reject', 'refuse the gate that it waits at: back to stable'],
    ['rollback', 'take all traffic back to stable now'],
    ['retry', 'try the same revision again'],
  ] as const;
  for (const [name, description] of actions) {
    add(`${name} <service>`, description, action).option('-r, --reason <text>', 'why, for the record');
  }
  add('history <service>', 'past rollouts', () => import('./commands/history.ts'))
    .option('--events', 'each recorded event instead')
    .option('--trace [rollout]', 'what a rollout served, for "judge" (default: the newest)')
    .option('--limit <n>', 'how many', '10');
}

function waitOptions(command: Command): Command {
  return command
    .option('--for <what>', 'promoted, started, approval or weight=N', 'promoted')
    .option('--timeout <duration>', 'how long to wait', '1h')
    .option('--no-wait-for-approval', 'end with 6 where a person must approve')
    .option('--abort-on-interrupt', 'roll back on Ctrl-C');
}

function addOfflineCommands(program: Command, add: Add): void {
  program.commandsGroup('Without an engine:');
  add(
    'plan <file-or-service...>',
    'what a release will do: steps, times, requests',
    () => import('./commands/plan.ts'),
  ).option('--rps <n>', 'requests a second to reckon with');
  add('lint <files...>', 'find mistakes in manifests', () => import('./commands/lint.ts'))
    .option('--fix', 'write the corrections')
    .option('--rps <n>', 'requests a second: what the steps can see then');
  add(
    'convert <files...>',
    "turn Flagger resources into Sluice's",
    () => import('./commands/convert.ts'),
  ).option('--steps <steps>', 'such as 10:5m,25:10m,50:15m');
  judgeOptions(
    add('judge', 'judge recorded requests: the verdict over time', () => import('./commands/judge.ts')),
  );
  historyOptions(
    add(
      'backtest',
      'what each judge would have done to past releases',
      () => import('./commands/backtest.ts'),
    ),
  ).addOption(
    new Option('--half <half>', 'of the healthy rollouts, in order of time')
      .choices(['even', 'odd', 'all'])
      .default('even'),
  );
  historyOptions(
    add(
      'tune',
      'propose limits, margin and level from history; changes nothing',
      () => import('./commands/tune.ts'),
    ),
  ).option(
    '--target <share>',
    'most healthy releases that may be taken back (default: falseRollback of the Canary)',
  );
}

function historyOptions(command: Command): Command {
  return command
    .requiredOption('-f, --file <file...>', 'manifests with the Canary')
    .option('--service <name>', 'which Canary, where there are several')
    .option('--from <source>', 'prometheus=URL: raw counters, by the selectors of metrics[].objective')
    .option('--trace <path...>', 'traces, or folders of them: recorded rollouts and stretches of history')
    .option('--bad <file...>', 'traces of rollouts that are known to be bad, as are *.bad.jsonl')
    .option('--since <duration>', 'how far back --from goes', '14d')
    .option('--hours <hours>', 'only rollouts that begin in these hours of the day in UTC, such as 8-18')
    .option('--header <header...>', 'sent to Prometheus, such as "Authorization: Bearer …"')
    .option('--seed <n>', 'of the random pods and splits', '1');
}

function judgeOptions(command: Command): Command {
  return command
    .requiredOption('--trace <file>', 'JSON lines or CSV, a block a line; "-" is stdin')
    .addOption(new Option('--judge <name>', 'bet, or that of the Canary').choices(judgeNames))
    .option('-f, --file <file...>', 'manifests: the checks and settings of the Canary in them')
    .option('--service <name>', 'which Canary, where there are several')
    .option('--error-limit <share>', 'most errors, such as "0.1 %" (the default without a Canary)')
    .option('--latency <limit>', 'limit of a quantile, such as "p95 2 s"')
    .option('--false-rollback <share>', 'most healthy releases that may be taken back, such as "1 %"')
    .option('--margin <times>', "how many times stable's share of errors is allowed, such as 1.5")
    .option('--interval <duration>', 'time between two evaluations')
    .option('--threshold <n>', 'failed evaluations that are a fail');
}

function addOtherCommands(program: Command, add: Add): void {
  program.commandsGroup('More:');
  const audit = program.command('audit').description('the record of what happened, and by whom');
  add(
    'export',
    'the whole record, one JSON object a line',
    () => import('./commands/audit-export.ts'),
    audit,
  );
  add(
    'verify <file>',
    'prove that an export is whole and unchanged',
    () => import('./commands/audit-verify.ts'),
    audit,
  );
  add('demo', 'see a good release promoted and a bad one taken back', () => import('./commands/demo.ts'))
    .option('--json', 'one JSON object a line, ends by itself')
    .option('--speed <n>', 'how much faster than the real plan');
  add('load [args...]', 'generate load; arguments as those of hey', () => import('./commands/load.ts'))
    .allowUnknownOption()
    .passThroughOptions();
  add('loadtester', 'answer load-test and gate webhooks', () => import('./commands/loadtester.ts'))
    .option('--port <port>', 'port on loopback', '9090')
    .option('--name <name...>', 'host names that webhooks use for it')
    .option('--allow <command...>', 'whole command lines that may run as programs');
  add(
    'completion <shell>',
    'completion script for bash, zsh or fish',
    () => import('./commands/completion.ts'),
  );
  add('version', 'the version', () => import('./commands/version.ts'));
}
