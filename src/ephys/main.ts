// labmake-ephys: argv → command; the only catch → exit code. Each command's module is loaded when it is asked for, so
// that `--help` does not wait for the HDF5 library.
import { parseArgs } from 'node:util'
import { version } from '../version.ts'
import type { Command, CommandLine } from './command.ts'
import { InputError, messageOf, UsageError } from './errors.ts'
import { nearest } from './nearest.ts'

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  denoise: async () => (await import('./denoise/command.ts')).denoiseCommand,
  sort: async () => (await import('./sort/command.ts')).sortCommand,
  simulate: async () => (await import('./simulate/command.ts')).simulateCommand,
}

const help = `labmake-ephys COMMAND [OPTIONS]

Recipes for extracellular recordings that need nothing but Node: for demonstrations, tests and a quick look.

  denoise SOURCE TARGET.kwd   a folder of .mat files → one .kwd, without its common noise
  sort SOURCE.kwd TARGET      a .kwd → a folder that phy opens
  simulate TARGET             a recording with known spikes, as .mat files

  --help                      this text; labmake-ephys COMMAND --help for a command's own
  --version                   labmake's version`

/** Exit codes: 0 done; 1 a fault of the input; 2 a wrong command line; 70 a defect of ours (EX_SOFTWARE of sysexits.h). */
async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  try {
    if (name === '--version' || name === '-V') console.log(version)
    else if (name === '--help' || name === '-h' || name === 'help') console.log(help)
    else await runCommand(name, rest)
    return 0
  } catch (error) {
    return explain(
      error,
      name === undefined || !Object.hasOwn(commands, name) ? 'labmake-ephys' : `labmake-ephys ${name}`,
    )
  }
}

async function runCommand(name: string | undefined, argv: readonly string[]): Promise<void> {
  const names = Object.keys(commands)
  if (name === undefined) {
    throw new UsageError('no command given', {
      hint: `Say one of ${names.join(', ')}; labmake-ephys --help tells more.`,
    })
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load === undefined) {
    const meant = nearest(name, names)
    throw new UsageError(`there is no command ${name}`, {
      hint: meant ? `Did you mean ${meant}?` : `The commands are ${names.join(', ')}.`,
    })
  }
  const command = await load()
  const line = parseLine(command, argv)
  if (line.options.help) console.log(command.usage)
  else await command.run(line)
}

/** Throws UsageError naming the nearest option there is. */
function parseLine(command: Command, argv: readonly string[]): CommandLine {
  const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
    return { options: values, positionals }
  } catch (error) {
    const [usageLine = ''] = command.usage.split('\n')
    const unknown = /^Unknown option '--?([^']*)'/.exec(messageOf(error))?.[1]
    if (unknown === undefined) throw new UsageError(messageOf(error), { hint: `Usage: ${usageLine}` })
    const meant = nearest(unknown, Object.keys(options))
    throw new UsageError(`there is no option --${unknown}`, {
      hint: meant ? `Did you mean --${meant}?` : `Usage: ${usageLine}`,
    })
  }
}

/**
 * Says on standard error what went wrong and what to do about it; returns the exit code. labmake looks for the word
 * "error" to pick the line that tells why a job failed.
 */
function explain(error: unknown, who: string): number {
  if (error instanceof InputError || error instanceof UsageError) {
    console.error(`${who}: error: ${error.message}\n${error.hint}`)
    return error instanceof InputError ? 1 : 2
  }
  console.error(`${who}: error: a defect in labmake-ephys ${version}; please report it with these lines`)
  console.error(error instanceof Error ? error.stack : error)
  return 70
}

process.exitCode = await main(process.argv.slice(2))
