import { pastDuration } from '../core/estimates.ts'
import { noHistory, remember } from '../core/history.ts'
import type { PastDuration } from '../model/ports.ts'
import type { JournalRecord, MadeRecord, TargetHistory } from '../model/record.ts'
import { keepHistories } from './keptHistories.ts'
import type { OlderLines } from './olderLines.ts'

/** What the records of a journal say of targets and rules, as it goes on. */
export interface JournalMemory {
  /** `text`: the record as JSON. */
  take(record: JournalRecord, text: string): void
  /** Undefined if it is asked about more targets than it can look up: then all records are to be read. */
  history(target: string): TargetHistory | undefined
  /** By rule, the newest last. */
  durations(): ReadonlyMap<string, readonly PastDuration[]>
}

/** Past attempts of one rule that its estimates are made from. */
const durationsKept = 50

/** The memory of somebody who reads everything. */
export function rememberAll(): JournalMemory {
  const histories = keepHistories()
  const durations = openDurations()
  return {
    take(record, text) {
      remember(histories, record)
      histories.settle(record, text)
      durations.take(record)
    },
    history: (target) => histories.get(target) ?? noHistory,
    durations: durations.all,
  }
}

/** Targets that are looked up one by one; for more it is quicker to read everything. */
const mostLookups = 24

/** The durations of a rule that none of so many last records is of are not known. */
const lastRecords = 1000

/** The memory of somebody who looks up what is asked for. `news`: the records behind the older ones. */
export function lookUp(older: OlderLines, news: readonly JournalRecord[]): JournalMemory {
  const newer = [...news]
  const targets = new Map<string, TargetHistory>()
  let durations: Durations | undefined
  return {
    take(record) {
      newer.push(record)
      durations?.take(record)
      const known = new Set(targets.keys())
      remember(targets, record)
      // Of what was not looked up the record alone is no history.
      for (const target of targets.keys()) if (!known.has(target)) targets.delete(target)
    },
    history(target) {
      const known = targets.get(target)
      if (known !== undefined) return known
      if (targets.size >= mostLookups) return undefined
      const found = new Map<string, TargetHistory>()
      for (const record of [...older.naming(target), ...newer]) remember(found, record)
      const history = found.get(target) ?? noHistory
      targets.set(target, history)
      return history
    },
    durations() {
      if (durations === undefined) {
        durations = openDurations()
        for (const record of [...older.last(lastRecords, lastOfRules()), ...newer]) durations.take(record)
      }
      return durations.all()
    },
  }
}

/** Is a line, asked for from the newest on, one of the last of what its rule made? To read it takes ten times as long. */
function lastOfRules(): (line: string) => boolean {
  const counts = new Map<string, number>()
  return (line) => {
    const rule = /^\{"type":"made","at":"[^"]*","job":"([a-z0-9_]+)/.exec(line)?.[1]
    // Of what is written in another way, nothing is known before it is read.
    if (rule === undefined) return !/^\{"type":"(?!made")/.test(line)
    const count = (counts.get(rule) ?? 0) + 1
    counts.set(rule, count)
    return count <= durationsKept
  }
}

interface Durations {
  take(record: JournalRecord): void
  all(): ReadonlyMap<string, readonly PastDuration[]>
}

/** How long jobs of each rule took; made of the records when somebody asks. */
function openDurations(): Durations {
  const made = new Map<string, MadeRecord[]>()
  let durations: Map<string, PastDuration[]> | undefined
  return {
    take(record) {
      if (record.type !== 'made') return
      const rule = record.job.split('/', 1)[0]!
      keep(made, rule, record)
      if (durations !== undefined) keep(durations, rule, pastDuration(record))
    },
    all() {
      durations ??= new Map([...made].map(([rule, records]) => [rule, records.map(pastDuration)]))
      return durations
    },
  }
}

function keep<T>(past: Map<string, T[]>, rule: string, one: T): void {
  const kept = past.get(rule) ?? []
  kept.push(one)
  if (kept.length > durationsKept) kept.shift()
  past.set(rule, kept)
}
