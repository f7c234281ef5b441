/**
 * A fault of what the person gave: a file cut short, a name that no file has, a full disk. `message` names the place and
 * `hint` the remedy. Any other error is a defect of ours.
 */
export class InputError extends Error {
  readonly hint: string

  constructor(message: string, options: { readonly hint: string; readonly cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = 'InputError'
    this.hint = options.hint
  }
}

/** A command line that asks for nothing we know. Exit 2, as the shell's own commands do. */
export class UsageError extends Error {
  readonly hint: string

  constructor(message: string, options: { readonly hint: string }) {
    super(message)
    this.name = 'UsageError'
    this.hint = options.hint
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
