import { InputError, messageOf } from './errors.ts'

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space on that disk, then run it again.',
  EDQUOT: 'Free some of your quota on that disk, then run it again.',
  EACCES: 'Check that you may read and write there.',
  EPERM: 'Check that you may read and write there.',
  EROFS: 'That disk cannot be written: name a folder elsewhere.',
  EEXIST: 'Name another folder.',
  ENOTDIR: 'Name another folder.',
  ENOENT: 'Check the path.',
}

/** Runs `work`. What the system refuses (a full disk, a folder that may not be written) becomes an InputError. */
export async function withSystemFaults<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (code === undefined || syscall === undefined) throw error
    const hint = HINTS[code] ?? 'Check that disk, then run it again.'
    throw new InputError(sentenceOf(messageOf(error)), { hint, cause: error })
  }
}

/** "ENOSPC: no space left on device, write" → "no space left on device (write)", as other messages read. */
function sentenceOf(message: string): string {
  const parts = /^[A-Z]+: ([^,]+), (.+)$/.exec(message)
  return parts ? `${parts[1]} (${parts[2]})` : message
}
