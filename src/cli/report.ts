import { UserError } from '../model/errors.ts'
import { DiskFault } from '../model/ports.ts'
import { version } from '../version.ts'
import { userErrorLines } from './faults.ts'
import { type ExitCode, exitCodes } from './options.ts'
import { styleOf } from './terminal.ts'

/** Says what went wrong: to the person if it is theirs to mend, with a stack if it is a defect of ours. */
export function reportError(error: unknown): ExitCode {
  const style = styleOf(process.stderr, 'auto')
  if (error instanceof UserError) {
    process.stderr.write(`${userErrorLines(error, style).join('\n')}\n`)
    return exitCodes.wrong
  }
  if (error instanceof DiskFault) {
    const told = new UserError(error.message, {
      hint: 'Nothing was lost. Mend the disk or its permissions, then run labmake again.',
    })
    process.stderr.write(`${userErrorLines(told, style).join('\n')}\n`)
    return exitCodes.unfinished
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(
    `labmake ${version} has a defect, sorry. Jobs and targets are safe. Please report this:\n${stack}\n`,
  )
  return exitCodes.defect
}
