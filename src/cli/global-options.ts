import type { Command } from 'commander';
import { Option } from 'commander';

export const formats = ['text', 'wide', 'json', 'yaml', 'jsonl', 'name'] as const;
export type Format = (typeof formats)[number];

/** Accepted before and after the command's name. */
export interface GlobalOptions {
  readonly state?: string;
  readonly namespace?: string;
  readonly output: Format;
  readonly color: boolean;
  readonly progress: 'auto' | 'tty' | 'plain';
  readonly quiet: boolean;
  readonly debug: boolean;
  readonly input: boolean;
  readonly yes: boolean;
}

const defaults: GlobalOptions = {
  output: 'text',
  color: true,
  progress: 'auto',
  quiet: false,
  debug: false,
  input: true,
  yes: false,
};

export function globalOptionList(): readonly Option[] {
  return [
    new Option('--state <dir>', 'state directory of the engine (SLUICE_STATE)'),
    new Option('-n, --namespace <name>', 'namespace of services that are named without one'),
    new Option('-o, --output <format>', 'how the result is written').choices(formats),
    new Option('--no-color', 'no colours (NO_COLOR)'),
    new Option('--progress <kind>', 'how progress is written').choices(['auto', 'tty', 'plain']),
    new Option('-q, --quiet', 'no progress, only the result'),
    new Option('--debug', 'show each request to the engine'),
    new Option('--no-input', 'never ask'),
    new Option('-y, --yes', 'answer yes to what would be asked'),
  ];
}

/** What was given on either side of the command's name; the nearer one wins. */
export function readGlobalOptions(command: Command): GlobalOptions {
  const given: Record<string, unknown> = {};
  for (const owner of lineage(command)) {
    for (const key of [
      'state',
      'namespace',
      'output',
      'color',
      'progress',
      'quiet',
      'debug',
      'input',
      'yes',
    ]) {
      // A default is not given: `--no-color` on the program must not be undone by the command's own default.
      if (owner.getOptionValueSource(key) === 'cli') given[key] = owner.getOptionValue(key);
    }
  }
  return { ...defaults, ...given };
}

function lineage(command: Command): readonly Command[] {
  return command.parent === null ? [command] : [...lineage(command.parent), command];
}
