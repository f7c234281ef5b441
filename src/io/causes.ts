import type { Cause, Use } from '../model/record.ts'
import { lastWords } from './logs.ts'
import { memoryBytes } from './memory.ts'

/** What is known of an attempt beside how it ended. */
export interface Evidence {
  readonly use: Use
  readonly oomKilled: () => boolean | undefined
}

const noSpace = /\bNo space left on device\b|\bENOSPC\b|\bDisk quota exceeded\b|\bEDQUOT\b/
/** Of the memory of a graphics card nothing is known here, and its errors have other names. */
const noMemory = /MemoryError\b|std::bad_alloc\b|\bCannot allocate memory\b|\bENOMEM\b/

const tooManyWords = /\bArgument list too long\b|\bE2BIG\b/

/** From this share of the machine's memory on, a process that was killed was so probably for that. */
const nearlyAll = 0.9

/** Why a recipe failed by itself: with what it said last, and what follows from that and from what it used. */
export function explain(cause: Cause, root: string, log: string, evidence: Evidence): Cause {
  if (cause.kind !== 'exit' && cause.kind !== 'signal') return cause
  const words = lastWords(root, log, [noSpace, noMemory, tooManyWords, /(error|exception|fatal)\b/i])
  const says = words === undefined ? {} : { says: words }
  if (cause.kind === 'signal') return { ...cause, ...says, ...becauseOfSignal(cause.signal, evidence) }
  if (words !== undefined && noSpace.test(words)) return { ...cause, ...says, because: 'space' }
  if (words !== undefined && noMemory.test(words)) return { ...cause, ...says, because: 'memory' }
  if (words !== undefined && tooManyWords.test(words)) return { ...cause, ...says, because: 'words' }
  return { ...cause, ...says }
}

/** Where memory runs out, the kernel kills; but so may anybody. */
function becauseOfSignal(signal: string, { use, oomKilled }: Evidence): { because?: 'memory' | 'killed' } {
  if (signal !== 'SIGKILL') return {}
  const isNearlyAll = (use.peakBytes ?? 0) >= nearlyAll * memoryBytes()
  const didRunOut = oomKilled()
  if (didRunOut === true || isNearlyAll) return { because: 'memory' }
  return didRunOut === false ? { because: 'killed' } : {}
}
