import { namedCommands } from './names.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { openAsKnown } from './recall.ts'

export type Shell = 'bash' | 'zsh' | 'fish'

const options = '-n --dry-run -j --jobs --fail-fast -C --directory --json --color -v --verbose -h --help -V --version'

/** `labmake completion bash`: a script for the shell's start-up file. Names come from the workspace one stands in. */
export function completionScript(shell: Shell): string {
  const commands = namedCommands.join(' ')
  switch (shell) {
    case 'bash':
      // Not compgen -W: it expands the words as the shell does, and would run a file name like $(…).
      return `_labmake() {
  local word=\${COMP_WORDS[COMP_CWORD]} name names
  if [[ $word == -* ]]; then names=(${options})
  else
    mapfile -t names < <(labmake completion names 2>/dev/null)
    ((COMP_CWORD == 1)) && names+=(${commands})
  fi
  COMPREPLY=()
  for name in "\${names[@]}"; do
    [[ $name == "$word"* ]] && COMPREPLY+=("$(printf %q "$name")")
  done
}
complete -o default -F _labmake labmake
`
    case 'zsh':
      return `#compdef labmake
_labmake() {
  local -a names
  names=(\${(f)"$(labmake completion names 2>/dev/null)"})
  ((CURRENT == 2)) && names+=(${commands})
  [[ $PREFIX == -* ]] && names=(${options})
  compadd -a names
  _files
}
compdef _labmake labmake
`
    case 'fish':
      return `complete -c labmake -n __fish_use_subcommand -a '${commands}'
complete -c labmake -a '(labmake completion names 2>/dev/null)'
${options
  .split(' ')
  .map((o) => `complete -c labmake ${o.startsWith('--') ? `-l ${o.slice(2)}` : `-s ${o.slice(1)}`}`)
  .join('\n')}
`
  }
}

/** `labmake completion names`: batches, rules and targets, a line each. Outside a workspace nothing, and no error. */
export async function completionNames({ directory }: CommonOptions): Promise<ExitCode> {
  const workspace = await openAsKnown(directory).catch(() => undefined)
  if (workspace === undefined) return exitCodes.fine
  const jobs = workspace.jobs()
  const batches = new Set(jobs.flatMap(({ batch }) => batch ?? []))
  const targets = jobs.flatMap((job) => job.targets.map((t) => t.path))
  const names = [...workspace.ruleSet.rules.map((rule) => rule.name), ...batches, ...targets]
  process.stdout.write(names.map((name) => `${name}\n`).join(''))
  return exitCodes.fine
}
