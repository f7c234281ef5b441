import type { DropState } from './board.ts'
import type { Cause } from './record.ts'

/** What people are told of without looking. */
export const noticeKinds = ['failed', 'refused', 'stalled', 'disk', 'done', 'idle'] as const

/**
 * `failed`: a job, for good. `refused`: a drop that was not taken, also one in conflict. `stalled`: a drop that gets no
 * further, since its copy died or the disk is at fault. `disk`: nearly full. `done`: all jobs of a batch. `idle`: the queue is empty.
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

/** One thing that may be told, before it is put together with others of its kind. Times are ms since the epoch. */
export type News =
  /** The last attempt, after all retries. */
  | {
      readonly kind: 'failed'
      readonly job: string
      readonly rule: string
      readonly batch: string | undefined
      readonly attempt: number
      readonly seconds: number
      readonly cause: Cause
      readonly log: string
    }
  /** A job of the batch was made; whether that was the last one is looked up when it is told. */
  | { readonly kind: 'done'; readonly batch: string }
  | { readonly kind: 'refused'; readonly drop: string; readonly state: DropState & { kind: 'refused' | 'conflict' } }
  | { readonly kind: 'stalled'; readonly drop: string; readonly state: DropState & { kind: 'stalled' } }
  | { readonly kind: 'disk'; readonly space: DiskSpace }
  | { readonly kind: 'idle' }

/** Of the file system that the workspace lies on. */
export interface DiskSpace {
  /** What this user may still write. */
  readonly freeBytes: number
  readonly totalBytes: number
}

/** What somebody is told. */
export interface Notice {
  readonly kind: NoticeKind | 'trial'
  /** One line. */
  readonly title: string
  /** A few lines of plain text, the title not among them. */
  readonly text: string
}

/** What came of sending a notice. No field of it ever holds a secret. */
export type Sending =
  /** `but`: what was wrong though it was sent. */
  | { readonly outcome: 'sent'; readonly but: string | undefined }
  | {
      readonly outcome: 'not-sent'
      readonly problem: string
      readonly hint: string | undefined
      /** ms that the other side asks to be left alone; undefined if it does not say. */
      readonly retryInMs: number | undefined
    }

/** Kept in `.labmake/notices.json`, so that what was told is not told again and what was not told yet is. */
export interface NoticeState {
  readonly version: 1
  readonly news: readonly News[]
  /** News beyond those that are kept: how many, by kind. */
  readonly more: Readonly<Partial<Record<NoticeKind, number>>>
  readonly windows: Readonly<Partial<Record<NoticeKind, NoticeWindow>>>
  /** Drops that were told of, by what tells them from later ones of their name → that name; the newest last. */
  readonly told: Readonly<Record<string, string>>
  readonly diskIsLow: boolean
  /** What was done since the queue was last said to be empty. */
  readonly since: { readonly done: number; readonly failed: number; readonly cancelled: number }
  /** By the id of the notifier. */
  readonly outboxes: Readonly<Record<string, Outbox>>
}

/** News of one kind are gathered until the window ends. */
export type NoticeWindow =
  | { readonly state: 'open'; readonly lengthMs: number; readonly endsMs: number }
  | { readonly state: 'over'; readonly lengthMs: number; readonly endedMs: number }

/** What is to be sent to one notifier, oldest first. */
export interface Outbox {
  readonly unsent: readonly Unsent[]
  /** Failures in a row. */
  readonly failures: number
  /** Nothing is sent before. */
  readonly notBeforeMs: number
  /** Notices given up since the last one that was sent. */
  readonly lost: number
}

export interface Unsent {
  readonly notice: Notice
  readonly sinceMs: number
  /** It is on its way: an engine that finds it so was killed meanwhile, and cannot know whether it arrived. */
  readonly sending: boolean
}
