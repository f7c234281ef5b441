import type { Reading } from '../model/facade.ts'
import { plural } from './sizes.ts'

/** What an engine does that has begun and knows not all batches yet: the rest of a sentence about it. */
export function readingText({ planned, of }: Reading): string {
  return of === undefined ? 'looks for batches' : `has looked at ${planned} of ${plural(of, 'batch')}`
}
