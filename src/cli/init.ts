import { constants, copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeErrno } from '../io/disk.ts'
import { UserError } from '../model/errors.ts'
import { type BuildCommandOptions, type ExitCode, exitCodes } from './options.ts'

/** Rules to start with and their schema, beside dist/ in labmake's own folder. */
const shipped = ['rules/ephys.yaml', 'rules/labmake.schema.json']
const folders = ['rules', 'inbox', 'data/mat', 'data/manifests']

/** `labmake init [DIR]`: a new workspace. What is there already stays as it is. */
export async function initCommand(folder: string | undefined, options: BuildCommandOptions): Promise<ExitCode> {
  if (options.dryRun) throw new UserError('init has no dry run', { hint: 'It leaves what is there already as it is.' })
  const root = resolve(options.directory, folder ?? '.')
  const made: string[] = []
  try {
    for (const path of folders) {
      if (existsSync(`${root}/${path}`)) continue
      mkdirSync(`${root}/${path}`, { recursive: true })
      made.push(`${path}/`)
    }
    for (const path of shipped) {
      if (existsSync(`${root}/${path}`)) continue
      copyFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), `${root}/${path}`, constants.COPYFILE_EXCL)
      made.push(path)
    }
  } catch (error) {
    throw new UserError(`cannot make a workspace in ${root}: ${describeErrno(error)}`)
  }
  const lines =
    made.length === 0
      ? [`${root} is a workspace already; nothing was changed.`]
      : [`Made a workspace in ${root}: ${made.join(', ')}`]
  lines.push(
    '',
    'Next:',
    '  labmake watch opens the screen; drop a recording (a folder of .mat files) into inbox/ and see what happens',
    '  labmake -n shows what would be done; rules/ephys.yaml says what is made of what',
  )
  process.stdout.write(`${lines.join('\n')}\n`)
  return exitCodes.fine
}
