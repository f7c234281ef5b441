import { spawn } from 'node:child_process'
import { UserError } from '../model/errors.ts'

/** Shows a file in the person's `$PAGER`, else less, on the terminal that is ours. Resolves when they left it. */
export async function showInPager(root: string, path: string): Promise<void> {
  const pager = process.env.PAGER || 'less'
  // A person's own setting, with its options: split as a shell would, by a shell; the path is never part of its text.
  const child = spawn('sh', ['-c', `${pager} -- "$1"`, 'pager', path], { cwd: root, stdio: 'inherit' })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code === 127)
    throw new UserError(`there is no ${pager} here`, { hint: 'Set PAGER to the program you read with.' })
}
