import type { ColorChoice } from './terminal.ts'

/** Options that every command understands. */
export interface CommonOptions {
  /** Where to look for the workspace, upward. */
  readonly directory: string
  readonly json: boolean
  readonly color: ColorChoice
  readonly verbose: boolean
}

export interface BuildCommandOptions extends CommonOptions {
  readonly dryRun: boolean
  readonly jobs: number | undefined
  readonly failFast: boolean
}

/** What `labmake` alone means. */
export const plainBuild: BuildCommandOptions = {
  directory: '.',
  json: false,
  color: 'auto',
  verbose: false,
  dryRun: false,
  jobs: undefined,
  failFast: false,
}

/** Exit codes that others may rely on. */
export const exitCodes = { fine: 0, unfinished: 1, wrong: 2, defect: 70, interrupted: 130 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
