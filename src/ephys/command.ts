import type { ParseArgsConfig } from 'node:util'

/** The options a command takes, as `parseArgs` of node:util declares them. `help` is added by the dispatcher. */
export type CommandOptions = NonNullable<ParseArgsConfig['options']>

/** What the command line said: every option that was given or has a default, and the arguments in order. */
export type CommandLine = {
  readonly options: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>
  readonly positionals: readonly string[]
}

/** One command of `labmake-ephys`. `run` throws `InputError` for faults of the input, `UsageError` for a wrong line. */
export type Command = {
  /** The full help text; its first line is the usage: `labmake-ephys denoise SOURCE TARGET [--omit …]`. */
  readonly usage: string
  readonly options: CommandOptions
  readonly run: (line: CommandLine) => Promise<void>
}

/** The option's text; undefined when it was not given. */
export function textOption(line: CommandLine, name: string): string | undefined {
  const value = line.options[name]
  return typeof value === 'string' ? value : undefined
}
