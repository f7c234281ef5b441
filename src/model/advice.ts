/** What attempts of a rule used, against what its pools let run at once. Told by core/memoryAdvice. */
export interface MemoryAdvice {
  readonly rule: string
  /** The pool that it is about. */
  readonly pool: string
  /** A sentence without its full stop. */
  readonly text: string
  /** As many at once as its pools let run may need more memory than there is. */
  readonly isTooMuch: boolean
  readonly hint: string | undefined
}
