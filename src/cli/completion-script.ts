import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function isShell(name: string): name is Shell {
  return shells.some((shell) => shell === name);
}

interface Entry {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly string[];
  readonly children: readonly string[];
  /** Its first argument is a service. */
  readonly takesService: boolean;
}

/** A script to be sourced; it knows commands and flags, and asks the engine for the names of services. */
export function completionScript(shell: Shell, program: Command): string {
  const entries = program.commands.map(entryOf);
  switch (shell) {
    case 'bash':
      return bash(entries);
    case 'zsh':
      return zsh(entries);
    case 'fish':
      return fish(entries);
  }
}

function entryOf(command: Command): Entry {
  const first = command.registeredArguments[0]?.name() ?? '';
  return {
    name: command.name(),
    description: command.description(),
    flags: command.options.flatMap((option) => option.long ?? []),
    children: command.commands.map((child) => child.name()),
    takesService: first.includes('service'),
  };
}

const listServices = 'sluice list -o name 2>/dev/null';

function bash(entries: readonly Entry[]): string {
  const cases = entries.map(
    ({ name, flags, children }) => `    ${name}) words="${[...children, ...flags].join(' ')}" ;;`,
  );
  const services = entries.filter((entry) => entry.takesService).map((entry) => entry.name);
  return `# bash completion for sluice: source <(sluice completion bash)
_sluice() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${entries.map((entry) => entry.name).join(' ')}" -- "$current"))
    return
  fi
  case "$command" in
${cases.join('\n')}
  esac
  case "$command" in
    ${services.join('|')}) case "$current" in -*) ;; *) words="$words $(${listServices})" ;; esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ "\${#COMPREPLY[@]}" -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _sluice sluice`;
}

function zsh(entries: readonly Entry[]): string {
  const commands = entries.map(({ name, description }) => `    '${name}:${quoted(description)}'`);
  const cases = entries.map(
    ({ name, flags, children }) => `    ${name}) compadd -- ${[...children, ...flags].join(' ')} ;;`,
  );
  const services = entries.filter((entry) => entry.takesService).map((entry) => entry.name);
  return `#compdef sluice
# zsh completion for sluice: sluice completion zsh > "\${fpath[1]}/_sluice"
_sluice() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  case "$words[2]" in
    ${services.join('|')}) compadd -- \${(f)"$(${listServices})"} ;;
    *) _files ;;
  esac
  case "$words[2]" in
${cases.join('\n')}
  esac
}
compdef _sluice sluice`;
}

function fish(entries: readonly Entry[]): string {
  const lines = [
    '# fish completion for sluice: sluice completion fish | source',
    'complete -c sluice -n __fish_use_subcommand -f',
  ];
  for (const { name, description, flags, children, takesService } of entries) {
    lines.push(`complete -c sluice -n __fish_use_subcommand -a ${name} -d '${quoted(description)}'`);
    const when = `-n '__fish_seen_subcommand_from ${name}'`;
    if (takesService) lines.push(`complete -c sluice ${when} -f -a '(${listServices})'`);
    if (children.length > 0) lines.push(`complete -c sluice ${when} -f -a '${children.join(' ')}'`);
    for (const flag of flags) lines.push(`complete -c sluice ${when} -l ${flag.replace(/^--/, '')}`);
  }
  return lines.join('\n');
}

/** Descriptions are ours and short; what a shell would read is taken out. */
function quoted(text: string): string {
  return text.replaceAll(/['":$`\\]/g, '');
}
