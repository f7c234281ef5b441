import type { Rule } from './rule.ts'

/** Values of a rule's wildcards. */
export type Binding = Readonly<Record<string, string>>

/** A source or target of one job: a pattern with its wildcards filled in. */
export interface JobPath {
  /** The name of its pattern in the rule. */
  readonly name: string
  /** Relative to the workspace, no trailing slash. For a gathering source, the pattern with the wildcards filled in. */
  readonly path: string
  readonly isFolder: boolean
}

export interface JobSource extends JobPath {
  /** Paths gathered by `*` or `**`, sorted; undefined for a plain path. */
  readonly gathered: readonly string[] | undefined
  /** Ids of the jobs that make it, or a part of it. */
  readonly madeBy: readonly string[]
}

/** One rule applied to one binding of its wildcards. */
export interface Job {
  /** `denoise/B1`; a rule without wildcards is its own name. */
  readonly id: string
  readonly rule: Rule
  readonly binding: Binding
  readonly batch: string | undefined
  readonly params: ReadonlyMap<string, string>
  readonly sources: readonly JobSource[]
  readonly targets: readonly JobPath[]
  readonly uses: readonly JobSource[]
  /** Why it cannot be judged yet, known from manifests alone. */
  readonly missing: readonly MissingParam[]
  /** Ids of jobs that make one of its sources. */
  readonly prerequisites: readonly string[]
}

/** A param without a value, or a batch whose manifest rows were refused. */
export type MissingParam =
  | { readonly kind: 'required'; readonly name: string }
  | { readonly kind: 'refused'; readonly where: string; readonly message: string }

/** The path as a person writes it: a folder ends in a slash. */
export function shownPath(path: { readonly path: string; readonly isFolder: boolean }): string {
  return path.isFolder ? `${path.path}/` : path.path
}

/** What tells a job from the others of its batch: `phy`, or `phy/left` where the rule has more wildcards. */
export function nameInBatch({ rule, binding }: Job): string {
  let name = rule.name
  for (const wildcard of rule.wildcards) if (wildcard !== 'batch') name += `/${binding[wildcard]}`
  return name
}
