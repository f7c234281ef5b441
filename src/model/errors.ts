/**
 * A fault that the person can mend: a typo in a rule, a name that nothing matches. `hint` is the next step; both are
 * shown, without a stack. Exit code 2.
 */
export class UserError extends Error {
  readonly hint: string | undefined

  constructor(message: string, options: { readonly hint?: string } = {}) {
    super(message)
    this.name = 'UserError'
    this.hint = options.hint
  }
}

/** States what our own code promises. A failure is a defect of labmake (exit code 70), never the person's fault. */
export function invariant(condition: unknown, promise: string): asserts condition {
  if (!condition) throw new Error(`labmake broke its own promise: ${promise}`)
}

/** Ends an exhaustive switch: a case that was forgotten is a compile error here. */
export function assertNever(value: never): never {
  throw new Error(`labmake does not know what to do with ${JSON.stringify(value)}`)
}

/** One thing that is wrong with a rule file, a manifest or a name, where it is, and what to do about it. */
export interface Fault {
  /** `rules/ephys.yaml:14:9`, `data/manifests/ana.tsv:3`, or a path. */
  readonly where: string
  readonly message: string
  readonly hint?: string
  /** The faulty line itself, where there is one, for showing. */
  readonly excerpt?: string
}
