/** What people are told of without looking. */
export const noticeKinds = ['failed', 'refused', 'stalled', 'disk', 'done', 'idle'] as const

/**
 * `failed`: a job, for good. `refused`: a drop that was not taken, also one in conflict. `stalled`: a drop whose copy may
 * have died. `disk`: nearly full. `done`: all jobs of a batch. `idle`: the queue is empty.
 */
export type NoticeKind = (typeof noticeKinds)[number]

/** A text that nobody may read off a screen or a log: as written in a rule file, or taken from the environment when needed. */
export type Secret =
  | { readonly kind: 'written'; readonly text: string }
  | { readonly kind: 'environment'; readonly variable: string }

/** A word of a command: literal text and placeholders, filled in after the command was split into words. */
export type NoticeWord = readonly (string | { readonly value: 'text' | 'title' | 'kind' })[]

/** How a notice reaches people. */
export type Channel =
  /** A POST of `{"text": …}`, which Slack, Mattermost and others take. */
  | { readonly kind: 'webhook'; readonly url: Secret }
  /** Without `smtp`, through the machine's own sendmail; without `from`, as labmake@HOST. */
  | {
      readonly kind: 'email'
      readonly to: readonly string[]
      readonly from: string | undefined
      readonly smtp: Secret | undefined
    }
  | { readonly kind: 'command'; readonly words: readonly NoticeWord[] }

/** Somebody who is told, and of what. */
export interface Notifier {
  /** Where it is declared: `rules/ana.yaml:14:5`. */
  readonly where: string
  readonly on: readonly NoticeKind[]
  /** Batches whose failures and ends are told, by name, `*` for any letters; undefined: all. Other notices are for everybody. */
  readonly batches: readonly string[] | undefined
  readonly channel: Channel
}
