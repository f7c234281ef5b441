import { readFileSync, writeFileSync } from 'node:fs'
import type { Use } from '../model/record.ts'
import type { Families } from './families.ts'
import { familyUse, sharedBytes } from './familyUse.ts'
import { boundLog } from './logBound.ts'
import { oomKills } from './memory.ts'
import { steadyMs } from './steady.ts'

/** A recipe that is measured while it runs. */
export interface Metered {
  readonly leader: number
  /** Of the attempt: the memory that was seen is written down there, for the next labmake. */
  readonly folder: string
  readonly log: string
  /** Another labmake started it, and may have written down what it saw. */
  readonly isAdopted: boolean
  /** By `steadyMs()`. */
  readonly beganMs: number
}

export interface Measuring {
  /** Measures once more, now: it is about to be ended. */
  sample(): void
  end(): Measured
}

export interface Measured {
  /** Until the last sample. */
  readonly use: Use
  /** Did the kernel end a process meanwhile because memory ran out? Undefined where it does not say. */
  readonly oomKilled: () => boolean | undefined
}

/**
 * Measures recipes with all that belongs to them, and keeps their logs short. What a process uses is known only while it
 * lives: so they are looked at again and again, the younger they are the oftener. Times and bytes are told exactly at the
 * end, by who waits for the recipe; what is seen here is for those that had no such end, and for the memory.
 */
export interface Meter {
  start(metered: Metered): Measuring
}

/** Between two looks, ms. A log may grow by some hundred MB meanwhile, and that is soon enough. */
const tickMs = 500
/** What has run for an hour is looked at again after 30 s. */
const restShare = 1 / 120
/** However old it is: memory may grow to its peak at the very end. */
const longestRestMs = 30_000
/** After looking, this many times as long goes by without: looking takes a quarter of a percent of a core at the most. */
const restFactor = 400
/** But never longer, when the machine was so busy that a look took a second. */
const longestPauseMs = 300_000

interface Watched extends Metered {
  dueMs: number
  peakBytes: number
  readonly oomKillsBefore: number | undefined
  use: { cpuSeconds: number; readBytes: number; writtenBytes: number }
  isRefining: boolean
}

export function openMeter(families: Families): Meter {
  const all = new Set<Watched>()
  let timer: NodeJS.Timeout | undefined
  let nextLookMs = 0
  let lastOomKills = oomKills()

  const restAfter = (tookMs: number) => {
    nextLookMs = Math.max(nextLookMs, steadyMs() + Math.min(tookMs * restFactor, longestPauseMs))
  }
  const tick = () => {
    for (const { log } of all) keepShort(log)
    const now = steadyMs()
    const due = now < nextLookMs ? [] : [...all].filter(({ dueMs }) => dueMs <= now)
    if (due.length === 0) return
    families.look()
    for (const watched of due) {
      void sample(watched, families).then(restAfter)
      const ageMs = now - watched.beganMs
      watched.dueMs = now + Math.min(Math.max(ageMs * restShare, tickMs), longestRestMs)
    }
    lastOomKills = oomKills()
    restAfter(steadyMs() - now)
  }
  return {
    start(metered) {
      const watched: Watched = {
        ...metered,
        dueMs: 0,
        peakBytes: metered.isAdopted ? readPeak(metered.folder) : 0,
        oomKillsBefore: lastOomKills,
        use: { cpuSeconds: 0, readBytes: 0, writtenBytes: 0 },
        isRefining: false,
      }
      all.add(watched)
      timer ??= setInterval(tick, tickMs).unref()
      return {
        sample() {
          families.look()
          void sample(watched, families)
        },
        end() {
          all.delete(watched)
          if (all.size === 0) {
            clearInterval(timer)
            timer = undefined
          }
          return measuredOf(watched)
        },
      }
    },
  }
}

function measuredOf({ use, peakBytes, oomKillsBefore }: Watched): Measured {
  const seen = Object.entries({ ...use, peakBytes }).filter(([, value]) => value > 0)
  return {
    use: Object.fromEntries(seen),
    oomKilled() {
      const now = oomKills()
      return now === undefined || oomKillsBefore === undefined ? undefined : now > oomKillsBefore
    },
  }
}

/** Returns ms that were spent beyond this turn. */
async function sample(watched: Watched, families: Families): Promise<number> {
  const members = families.members(watched.leader)
  const now = familyUse(members)
  const { use } = watched
  use.cpuSeconds = Math.max(use.cpuSeconds, now.cpuSeconds)
  use.readBytes = Math.max(use.readBytes, now.readBytes)
  use.writtenBytes = Math.max(use.writtenBytes, now.writtenBytes)
  const mayShare = now.big.length > 1
  raisePeak(watched, mayShare ? now.highestBytes : Math.max(now.residentBytes, now.highestBytes))
  if (!mayShare || now.residentBytes <= watched.peakBytes || watched.isRefining) return 0
  watched.isRefining = true
  const sinceMs = steadyMs()
  const bytes = await sharedBytes(now.big)
  watched.isRefining = false
  if (bytes !== undefined) raisePeak(watched, bytes)
  return steadyMs() - sinceMs
}

/** Below this share more it is not written down again. */
const raisedBy = 1.02

function raisePeak(watched: Watched, bytes: number): void {
  const isMore = bytes > watched.peakBytes * raisedBy
  watched.peakBytes = Math.max(watched.peakBytes, bytes)
  if (!isMore) return
  try {
    writeFileSync(`${watched.folder}/peak`, String(bytes))
  } catch {
    // On a full disk, or of an attempt that was just cleared away: the next labmake then knows less of it.
  }
}

/** What an earlier labmake saw. */
function readPeak(folder: string): number {
  try {
    return Number.parseInt(readFileSync(`${folder}/peak`, 'utf8'), 10) || 0
  } catch {
    return 0
  }
}

function keepShort(log: string): void {
  try {
    boundLog(log)
  } catch {
    // Not ours to read any more, or no space for its tail: it is tried again at the next look.
  }
}
