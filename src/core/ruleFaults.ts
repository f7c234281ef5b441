import { type Fault, UserError } from '../model/errors.ts'
import { inboxKeys, notifierKeys, poolKeys, ruleFileKeys, ruleKeys } from './ruleSchema.ts'
import { didYouMean } from './suggest.ts'

/** Steps from the root of a rule file to a value: `['rules', 'denoise', 'sources', 0]`. */
export type DataPath = readonly PropertyKey[]

/** Where in the file a value (or the key that names it) stands. */
export type Locate = (path: DataPath, at: 'key' | 'value') => Pick<Fault, 'where' | 'excerpt'>

/** Something wrong, by its path in the file instead of a place in the text. */
type Issue = {
  readonly path: DataPath
  readonly at?: 'key' | 'value'
  readonly message: string
  readonly hint?: string
}
export type Report = (issue: Issue) => void

/** Runs a parser; what it throws for the person becomes an issue at `path`. */
export function attempt<T>(path: DataPath, report: Report, parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    report({ path, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) })
    return undefined
  }
}

const keysOf: Readonly<Record<string, readonly string[]>> = {
  pools: poolKeys,
  rules: ruleKeys,
  inbox: inboxKeys,
  notify: notifierKeys,
}

/** What zod says of a value of the wrong shape. */
export interface ShapeIssue {
  readonly code: string
  readonly path: DataPath
  readonly message: string
  readonly keys?: readonly string[]
  readonly issues?: readonly { readonly message: string }[]
  readonly errors?: readonly (readonly ShapeIssue[])[]
}

export function reportShape(issue: ShapeIssue, report: Report): void {
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path.length === 0 ? ruleFileKeys : keysOf[String(issue.path[0])]
    for (const key of issue.keys ?? []) {
      const hint = didYouMean(key, known ?? [])
      report({ path: [...issue.path, key], at: 'key', message: `unknown key "${key}"`, ...(hint ? { hint } : {}) })
    }
    return
  }
  if (issue.code === 'invalid_key') {
    const key = String(issue.path.at(-1))
    report({ path: issue.path, at: 'key', message: `"${key}": ${issue.issues?.[0]?.message ?? issue.message}` })
    return
  }
  // Of a union, the branch that came furthest says what is wrong inside it: the third word of a list, not "a list".
  const inner = issue.errors?.flat().find((e) => e.path.length > 0)
  if (inner !== undefined) reportShape({ ...inner, path: [...issue.path, ...inner.path] }, report)
  else report({ path: issue.path, message: issue.message })
}
