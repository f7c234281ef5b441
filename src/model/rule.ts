import type { Fault } from './errors.ts'
import type { Notifier } from './notice.ts'

/** One piece of a path segment of a pattern. */
export type Part = { readonly literal: string } | { readonly wildcard: string } | { readonly star: true }

/** One segment of a pattern, between slashes. `anyDepth` is `**`: any number of folders, none included. */
export type Segment =
  | { readonly kind: 'literal'; readonly name: string }
  | { readonly kind: 'match'; readonly parts: readonly Part[]; readonly strict: RegExp; readonly loose: RegExp }
  | { readonly kind: 'anyDepth' }

/** A path with `{wildcards}` and, in sources, `*` and `**`, relative to the workspace (sources and uses may be absolute). */
export interface Pattern {
  /** As written, without a trailing slash. */
  readonly text: string
  /** Written with a trailing slash: a folder, all files below it count. */
  readonly isFolder: boolean
  /** Wildcards, in order of first appearance. */
  readonly wildcards: readonly string[]
  /** Has `*` or `**`: stands for any number of paths. */
  readonly gathers: boolean
  readonly segments: readonly Segment[]
  /** `text` cut at its wildcards: what is literal at even places, names of wildcards at odd ones. */
  readonly pieces: readonly string[]
  /** What every match begins with: the text before the first wildcard or star. */
  readonly prefix: string
  /** Matches a whole path; one named group for each wildcard. */
  readonly regex: RegExp
}

/** A pattern with the name it can be asked for by: `{targets.kwd}`. Unnamed ones are numbered from 1. */
export interface NamedPattern {
  readonly name: string
  readonly pattern: Pattern
}

/** A word of a recipe: literal text and placeholders, filled in after the recipe was split into words. */
export type Word = readonly (string | Placeholder)[]

export type Placeholder =
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'source' | 'sources' | 'target' | 'targets'; readonly name?: string }
  | { readonly kind: 'slots'; readonly pool: string }

export type Recipe =
  | { readonly kind: 'command'; readonly text: string; readonly words: readonly Word[] }
  | { readonly kind: 'script'; readonly text: string }

export type ParamDefault = { readonly required: true } | { readonly required: false; readonly value: string }

export interface Rule {
  readonly name: string
  /** Where it is declared: `rules/ephys.yaml:14`. */
  readonly where: string
  /** The rule file, relative to the workspace. */
  readonly file: string
  readonly sources: readonly NamedPattern[]
  readonly targets: readonly NamedPattern[]
  /** Wildcards of the targets; `batch` first where there is one. A job is one binding of them. */
  readonly wildcards: readonly string[]
  readonly params: ReadonlyMap<string, ParamDefault>
  readonly uses: readonly Pattern[]
  /** Slots taken from each pool, at least one pool; of a pool that counts memory a slot is a byte. */
  readonly pools: ReadonlyMap<string, number>
  /** Those of them of which it asks for an amount of memory. */
  readonly bytesOf: ReadonlySet<string>
  readonly recipe: Recipe
  /** Members that a finished target folder must have. */
  readonly expects: readonly string[]
  /** Members that do not count when a target folder is compared; a trailing slash is a folder. */
  readonly ignore: readonly string[]
  readonly intermediate: boolean
  readonly priority: number
  readonly timeoutMs: number | undefined
  readonly retries: number
  readonly backoffMs: number
}

/** What the slots of a pool are: `2`, or as many bytes as `64GB` are. */
export type PoolUnit = 'slots' | 'bytes'

export interface PoolSize {
  /** Bytes, where it counts them. */
  readonly slots: number
  readonly counts: PoolUnit
}

export interface Pool extends PoolSize {
  readonly name: string
  /** Counted over all workspaces of the host that declare it so. */
  readonly shared: boolean
  readonly where: string
}

/** What may be dropped into the inbox, and where it is kept. */
export interface Acceptance {
  readonly accept: Pattern
  readonly store: Pattern
}

/** All rule files of a workspace together, checked. Rules of faulty files are not in it; their faults are. */
export interface RuleSet {
  readonly rules: readonly Rule[]
  /** Sound in themselves, and left out by what other declarations say: a pool that has less, a name that is taken. */
  readonly rejected: readonly Rule[]
  readonly pools: ReadonlyMap<string, Pool>
  readonly inbox: readonly Acceptance[]
  /** How long a drop must have been still before it is taken. */
  readonly quietMs: number
  readonly notify: readonly Notifier[]
  readonly faults: readonly Fault[]
  /** Files that are disabled as a whole. */
  readonly disabled: readonly string[]
}
