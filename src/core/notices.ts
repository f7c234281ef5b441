import type { Board, Drop } from '../model/board.ts'
import type { EngineEvent } from '../model/event.ts'
import {
  type DiskSpace,
  type News,
  type Notice,
  type NoticeKind,
  type NoticeState,
  type NoticeWindow,
  type Notifier,
  noticeKinds,
} from '../model/notice.ts'
import { globSource } from './globs.ts'
import { composeNotice } from './noticeText.ts'
import { enqueue } from './outbox.ts'

// What people are told, as a function of what happened. News of a kind are gathered for a window of time and told together;
// then a notice lies in the outbox of each notifier that asked for its kind, until engine/notices has sent it.

/** News of one kind within this time are one notice. */
export const firstWindowMs = 60_000
/**
 * While news of a kind keep coming, each window is twice as long as the one before, up to this: a night in which every job
 * fails is about a dozen notices.
 */
export const longestWindowMs = 3_600_000
/** News of one kind that are kept with all they say until they are told; the rest is counted. The first few are named. */
export const newsLimit = 1000
/** Drops that are remembered as told. More than an inbox ever holds in conflict or refused. */
const toldLimit = 1000

export const noNotices: NoticeState = {
  version: 1,
  news: [],
  more: {},
  windows: {},
  told: {},
  diskIsLow: false,
  since: { done: 0, failed: 0, cancelled: 0 },
  outboxes: {},
}

/** Takes in what happened; `board` is how things stand after it. The same state if nobody would be told of it. */
export function afterEvent(state: NoticeState, event: EngineEvent, board: Board): NoticeState {
  switch (event.type) {
    case 'done': {
      const batch = board.jobs.get(event.job)?.batch
      const next = withCounted(state, 'done')
      return batch === undefined ? next : withNews(next, { kind: 'done', batch }, event.atMs)
    }
    case 'failed': {
      // Only the last retry speaks.
      if (event.retryInMs !== undefined) return state
      const { job: id, attempt, seconds, cause, log } = event
      const job = board.jobs.get(id)
      const rule = job?.rule ?? id
      const news: News = { kind: 'failed', job: id, rule, batch: job?.batch, attempt, seconds, cause, log }
      return withNews(withCounted(state, 'failed'), news, event.atMs)
    }
    case 'cancelled':
      return withCounted(state, 'cancelled')
    case 'drop':
      return afterDrop(state, event.drop, event.atMs)
    case 'taken':
    case 'same':
    case 'withdrawn':
      return withoutStalled(state, event.drop)
    case 'idle': {
      const { done, failed, cancelled } = state.since
      return done + failed + cancelled === 0 ? state : withNews(state, { kind: 'idle' }, event.atMs)
    }
    default:
      return state
  }
}

function withCounted(state: NoticeState, what: keyof NoticeState['since']): NoticeState {
  return { ...state, since: { ...state.since, [what]: state.since[what] + 1 } }
}

/**
 * A drop is looked at again and again, by each engine anew, and told of once. One that was refused is known by when that
 * was, which the journal keeps; one that stalls by how much of it is there, until it gets on.
 */
function afterDrop(state: NoticeState, drop: Drop, nowMs: number): NoticeState {
  const { name, files, bytes, state: now } = drop
  if (now.kind !== 'refused' && now.kind !== 'conflict' && now.kind !== 'stalled') return state
  const mark = now.kind === 'stalled' ? [stalledMark, files, bytes, now.why] : [now.kind, now.atMs]
  const key = [...mark, name].join('|')
  if (state.told[key] !== undefined) return state
  const told = Object.fromEntries([...Object.entries(state.told), [key, name]].slice(-toldLimit))
  const news: News =
    now.kind === 'stalled' ? { kind: 'stalled', drop: name, state: now } : { kind: 'refused', drop: name, state: now }
  return withNews({ ...state, told }, news, nowMs)
}

const stalledMark = 'stalled'

/** It is no more in the inbox: another one of that name may stall as well. */
function withoutStalled(state: NoticeState, drop: string): NoticeState {
  const told = Object.entries(state.told)
  const left = told.filter(([key, name]) => name !== drop || !key.startsWith(stalledMark))
  return left.length === told.length ? state : { ...state, told: Object.fromEntries(left) }
}

function withNews(state: NoticeState, news: News, nowMs: number): NoticeState {
  const { kind } = news
  const windows = { ...state.windows, [kind]: windowAfter(state.windows[kind], kind, nowMs) }
  const same = state.news.filter((other) => other.kind === kind)
  if (news.kind === 'idle' && same.length > 0) return state
  if (news.kind === 'done' && same.some((other) => other.kind === 'done' && other.batch === news.batch)) return state
  if (same.length < newsLimit) return { ...state, windows, news: [...state.news, news] }
  return { ...state, windows, more: { ...state.more, [kind]: (state.more[kind] ?? 0) + 1 } }
}

function windowAfter(before: NoticeWindow | undefined, kind: NoticeKind, nowMs: number): NoticeWindow {
  if (before?.state === 'open') return before
  // Of the disk there is one piece of news at a time, and it is urgent.
  if (kind === 'disk') return { state: 'open', lengthMs: 0, endsMs: nowMs }
  const goesOn = before !== undefined && nowMs - before.endedMs < before.lengthMs
  const lengthMs = goesOn ? Math.min(2 * before.lengthMs, longestWindowMs) : firstWindowMs
  return { state: 'open', lengthMs, endsMs: nowMs + lengthMs }
}

/**
 * The disk is nearly full when less than this is free: 5 %, below which file systems themselves become slow; but at least
 * 20 GB, since a recording and what is staged from it must fit in side by side; on a disk too small for that, 10 %; and
 * 500 GB are enough on the largest.
 */
export function lowSpaceBytes(totalBytes: number): number {
  return Math.min(Math.max(0.05 * totalBytes, 20e9), 0.1 * totalBytes, 500e9)
}

/** Free again by so much more than the limit, it has recovered: a disk that hovers about it is told of once. */
const recoveredFactor = 1.25

export function afterSpace(state: NoticeState, space: DiskSpace, nowMs: number): NoticeState {
  const low = lowSpaceBytes(space.totalBytes)
  if (!state.diskIsLow && space.freeBytes < low) {
    return withNews({ ...state, diskIsLow: true }, { kind: 'disk', space }, nowMs)
  }
  const recovered = state.diskIsLow && space.freeBytes >= recoveredFactor * low
  return recovered ? { ...state, diskIsLow: false } : state
}

/** When the next window ends, ms; undefined if none is open. */
export function nextTellingMs(state: NoticeState): number | undefined {
  const ends = Object.values(state.windows).flatMap((window) => (window.state === 'open' ? window.endsMs : []))
  return ends.length === 0 ? undefined : Math.min(...ends)
}

export interface Telling {
  readonly nowMs: number
  readonly board: Board
  readonly notifiers: readonly Notifier[]
  /** `due`: windows that are over. `all`: the engine ends. */
  readonly which: 'due' | 'all'
}

export interface Told {
  readonly state: NoticeState
  /** Notices that had to go to make room. */
  readonly givenUp: readonly { readonly id: string; readonly notice: Notice }[]
}

/** Makes notices of the news whose window is over, and puts them into the outboxes of those who want them. */
export function tellNews(before: NoticeState, telling: Telling): Told {
  const { nowMs, which } = telling
  let state = before
  const givenUp: { id: string; notice: Notice }[] = []
  for (const kind of noticeKinds) {
    const window = state.windows[kind]
    if (window?.state !== 'open') continue
    // Where the clock was set back, the end of a window may be far away.
    const isDue = window.endsMs <= nowMs || window.endsMs > nowMs + window.lengthMs
    if (which === 'due' && !isDue) continue
    const told = tellKind(state, kind, telling)
    givenUp.push(...told.givenUp)
    const { [kind]: _, ...windows } = state.windows
    const { [kind]: __, ...more } = state.more
    state = {
      ...told.state,
      news: told.state.news.filter((news) => news.kind !== kind),
      more,
      windows: told.any
        ? { ...windows, [kind]: { state: 'over', lengthMs: window.lengthMs, endedMs: nowMs } }
        : windows,
    }
  }
  return { state, givenUp }
}

function tellKind(before: NoticeState, kind: NoticeKind, telling: Telling): Told & { readonly any: boolean } {
  const { board, nowMs, notifiers } = telling
  const news = stillNews(
    before.news.filter((one) => one.kind === kind),
    board,
  )
  if (news.length === 0) return { state: before, givenUp: [], any: false }
  const outboxes = { ...before.outboxes }
  const givenUp: { id: string; notice: Notice }[] = []
  for (const { id, notifier } of withIds(notifiers)) {
    if (!notifier.on.includes(kind)) continue
    const wanted = news.filter((one) => isWanted(one, notifier))
    if (wanted.length === 0) continue
    const notice = composeNotice(wanted, { more: before.more[kind] ?? 0, board, since: before.since })
    const queued = enqueue(outboxes[id], notice, nowMs)
    outboxes[id] = queued.outbox
    givenUp.push(...queued.givenUp.map((lost) => ({ id, notice: lost })))
  }
  const since = kind === 'idle' ? noNotices.since : before.since
  return { state: { ...before, outboxes, since }, givenUp, any: true }
}

/** A batch is done when all its jobs are, and the queue is empty when it still is: that is only known at the end. */
function stillNews(news: readonly News[], board: Board): readonly News[] {
  switch (news[0]?.kind) {
    case 'done': {
      const batches = new Set<string | undefined>(news.flatMap((one) => (one.kind === 'done' ? one.batch : [])))
      for (const { batch, status } of board.jobs.values()) {
        if (status.state !== 'done' && status.state !== 'orphaned') batches.delete(batch)
      }
      return news.filter((one) => one.kind === 'done' && batches.has(one.batch))
    }
    case 'idle': {
      const busy = [...board.jobs.values()].some(
        ({ status }) => status.state === 'running' || status.state === 'queued',
      )
      return busy ? [] : news
    }
    default:
      return news
  }
}

function isWanted(news: News, { batches }: Notifier): boolean {
  const batch = news.kind === 'failed' || news.kind === 'done' ? news.batch : undefined
  if (batches === undefined || batch === undefined) return true
  return batches.some((name) => {
    const pieces = name.split('*').map((piece) => piece.replace(/[.+]/g, '\\$&'))
    return new RegExp(`^${globSource(pieces, '.')}$`).test(batch)
  })
}

/**
 * Notifiers with names that outlast a restart and a change of the lines above them, and that hold no secret: the file and
 * which one of its kind in that file: `rules/ana.yaml webhook 1`.
 */
export function withIds(notifiers: readonly Notifier[]): { readonly id: string; readonly notifier: Notifier }[] {
  const seen = new Map<string, number>()
  return notifiers.map((notifier) => {
    const kind = `${notifier.where.replace(/(:\d+)+$| \(.*\)$/, '')} ${notifier.channel.kind}`
    const number = (seen.get(kind) ?? 0) + 1
    seen.set(kind, number)
    return { id: `${kind} ${number}`, notifier }
  })
}
