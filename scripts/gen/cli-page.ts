import type { Command } from 'commander';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { createProgram } from '../../src/cli/program.ts';
import { code, madeFrom, page, table, textsFor } from './markdown.ts';

/** Help is wrapped at this, so that it reads on any screen. */
const columns = 100;

/** Beside the help: what it has no room for. Not every command needs one. */
const more: Readonly<Record<string, string>> = {
  up: 'SIGINT (Ctrl-C) drains and stops everything. SIGTERM ends the engine alone, and traffic is served on.',
  down: 'Works without an engine too: it stops what an ended engine left running.',
  apply:
    'Nothing is applied while one of the files has an error. Applying what runs already starts no rollout.',
  deploy:
    'A command or arguments that begin with `[` are a JSON list; otherwise they are split at blanks. Prints the revision; with ' +
    '`--wait` it ends like `sluice wait`.',
  wait:
    'Bound to one revision: it first waits until that revision is seen, then until its rollout has ended, however it ended, and ' +
    'says how by its exit code. Without `--revision` it takes the one that the service wants when it begins.',
  lint: 'Exits with 2 if there is an error. `--fix` keeps comments.',
  convert: 'Writes the new manifests on stdout and what it assumed on stderr. The files stay as they are.',
  backtest: 'See [backtest and tune](../guide/backtest.md).',
  tune: 'Prints reasons and a unified diff, and never applies it. See [backtest and tune](../guide/backtest.md#propose-settings).',
  plan: 'With `--rps` it also says how many requests each step sees and what they can catch.',
  judge:
    'Exits with 0 for a pass, with 3 for a fail and with 5 where nothing is decided. See [traces](trace.md).',
  load:
    'Exits with 1 if a request had no complete answer. Nothing is retried. Of hey it knows `-n`, `-c`, `-q`, `-z`, `-t`, `-m`, `-H`, ' +
    '`-A`, `-T`, `-a`, `-d`, `-host` and `-disable-keepalive`.',
  loadtester: 'See [webhooks](../guide/webhooks.md#the-load-tester).',
  rollback: 'See [roll back now](../runbooks/rollback-now.md).',
  doctor: 'Exits with 1 if something is an error.',
  'audit verify': 'See [the record](../runbooks/audit.md).',
};

const environment: readonly (readonly string[])[] = [
  [
    'SLUICE_STATE',
    'State directory, where `--state` is not given. Else `$XDG_STATE_HOME/sluice`, else `~/.local/state/sluice`.',
  ],
  [
    'SLUICE_ACTOR',
    'Name that the record shows. Else the user; under CI `GITHUB_ACTOR` or `GITLAB_USER_LOGIN`.',
  ],
  [
    'SLUICE_PROXY_WORKERS',
    'Number of proxy workers that a new keeper starts. Else one fewer than there are cores, from 1 to 8.',
  ],
  [
    'CI',
    'Where it is set the record shows a pipeline instead of a person, and progress is written in plain lines.',
  ],
  ['GITHUB_ACTIONS', 'Where it is `true` an error is also written as an annotation.'],
  ['NO_COLOR, FORCE_COLOR', 'No colours; colours also where the output is no terminal.'],
];

export function cliPage(): string {
  const program = createProgram(() => Promise.resolve());
  const commands = commandsOf(program);
  const names = commands.map((command) => nameOf(command));
  const idle = Object.keys(more).filter((name) => !names.includes(name));
  if (idle.length > 0) throw new Error(`texts for no command: ${idle.join(', ')}`);
  return page(
    madeFrom('src/cli/program.ts', 'src/cli/exit-codes.ts'),
    '# Commands',
    'Results go to stdout, progress and errors to stderr. The options of `sluice` itself may stand before and after the name of a command. ' +
      'From a checkout the command is `npm run -s sluice --`.',
    help(program),
    '## Exit codes',
    'A number is never given another meaning.',
    table(
      ['code', 'meaning'],
      Object.values(exitCodes).map((exit) => [code(String(exit.code)), exit.meaning]),
    ),
    '## Output',
    outputText(program),
    '## Environment',
    table(
      ['variable', 'meaning'],
      environment.map(([name = '', meaning = '']) => [name.split(', ').map(code).join(', '), meaning]),
    ),
    ...commands.flatMap((command) => {
      const name = nameOf(command);
      return [`## sluice ${name}`, help(command), ...(more[name] === undefined ? [] : [more[name]])];
    }),
  );
}

const formatTexts: Readonly<Record<string, string>> = {
  text: 'for people; the default',
  wide: 'the same with more columns',
  json: 'one document with `schema` and `kind`',
  yaml: 'the same as YAML',
  jsonl: 'one JSON object a line',
  name: 'names only, one a line',
};

function outputText(program: Command): string {
  const formats = program.options.find(({ long }) => long === '--output')?.argChoices ?? [];
  const text = textsFor('output format', formats, formatTexts);
  return table(
    ['`--output`', 'writes'],
    formats.map((format) => [code(format), text(format)]),
  );
}

/** Every command that does something, in the order of the help. */
function commandsOf(program: Command): readonly Command[] {
  return program.commands.flatMap((command) => (command.commands.length > 0 ? command.commands : [command]));
}

/** Without the program's own: `audit verify`. */
function nameOf(command: Command): string {
  const { parent } = command;
  return parent === null || parent.parent === null ? command.name() : `${parent.name()} ${command.name()}`;
}

function help(command: Command): string {
  command.configureOutput({ getOutHelpWidth: () => columns, getOutHasColors: () => false });
  return `\`\`\`text\n${command.helpInformation().trimEnd()}\n\`\`\``;
}
