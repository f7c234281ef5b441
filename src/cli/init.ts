import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ruleFileJsonSchema } from '../core/ruleSchema.ts'
import { describeErrno } from '../io/disk.ts'
import { UserError } from '../model/errors.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { starterRules } from './starter.ts'

const folders = ['rules', 'inbox', 'data/mat', 'data/manifests']

/** `labmake init [DIR]`: a new workspace. What is there already stays as it is. */
export async function initCommand(folder: string | undefined, options: CommonOptions): Promise<ExitCode> {
  const root = resolve(options.directory, folder ?? '.')
  const made: string[] = []
  try {
    for (const path of folders) {
      if (existsSync(`${root}/${path}`)) continue
      mkdirSync(`${root}/${path}`, { recursive: true })
      made.push(`${path}/`)
    }
    const files: [string, string][] = [
      ['rules/ephys.yaml', starterRules],
      ['rules/labmake.schema.json', schemaText()],
    ]
    for (const [path, text] of files) {
      if (existsSync(`${root}/${path}`)) continue
      writeFileSync(`${root}/${path}`, text, { flag: 'wx' })
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
    '  put a recording (a folder of .mat files) into data/mat/, then run labmake',
    '  labmake -n shows what it would do; rules/ephys.yaml says what is made of what',
  )
  process.stdout.write(`${lines.join('\n')}\n`)
  return exitCodes.fine
}

/** The JSON Schema of rule files as it is kept beside them. */
export function schemaText(): string {
  return `${JSON.stringify(ruleFileJsonSchema(), null, 2)}\n`
}
