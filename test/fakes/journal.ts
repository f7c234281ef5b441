import { pastDuration } from '../../src/core/estimates.ts'
import { noHistory, remember, rememberAttempt } from '../../src/core/history.ts'
import { rememberPeak } from '../../src/core/memoryAdvice.ts'
import type { AttemptState } from '../../src/model/attempt.ts'
import type { PastAttempt } from '../../src/model/detail.ts'
import type { Attempts, Journal, PastDuration } from '../../src/model/ports.ts'
import type { JournalRecord, TargetHistory } from '../../src/model/record.ts'
import type { Acts } from './acts.ts'

export interface FakeJournal extends Journal {
  readonly records: readonly JournalRecord[]
  /** As when somebody deletes .labmake. */
  forget(): void
}

export function fakeJournal(acts: Acts): FakeJournal {
  let records: JournalRecord[] = []
  const targets = new Map<string, TargetHistory>()
  return {
    get records() {
      return records
    },
    history: (target) => targets.get(target) ?? noHistory,
    durations() {
      const past = new Map<string, PastDuration[]>()
      for (const record of records) {
        if (record.type !== 'made') continue
        const rule = record.job.split('/', 1)[0]!
        past.set(rule, [...(past.get(rule) ?? []), pastDuration(record)])
      }
      return past
    },
    peaks() {
      const peaks = new Map<string, number[]>()
      for (const record of records) rememberPeak(peaks, record)
      return peaks
    },
    attempts(target) {
      const attempts = new Map<string, PastAttempt[]>()
      for (const record of records) rememberAttempt(attempts, record)
      return attempts.get(target) ?? []
    },
    async append(record) {
      acts.begin('append', `${record.type} ${'job' in record ? record.job : ''}`.trim())
      // What is written is text: nothing that text cannot hold may be needed later.
      const written = JSON.parse(JSON.stringify(record)) as JournalRecord
      records.push(written)
      remember(targets, written)
    },
    forget() {
      records = []
      targets.clear()
    },
  }
}

export interface FakeAttempts extends Attempts {
  /** Of all that is written down nothing can be read any more. */
  tear(): void
  find(slug: string): AttemptState | undefined
}

export function fakeAttempts(acts: Acts): FakeAttempts {
  const states = new Map<string, string>()
  return {
    async write(state) {
      acts.begin('write', `attempt ${state.job}`)
      states.set(state.slug, JSON.stringify({ ...state, committing: undefined }))
    },
    async writeIntent(state, record) {
      acts.begin('write', `attempt ${state.job}`)
      states.set(state.slug, JSON.stringify({ ...state, committing: record }))
    },
    async remove(slug) {
      acts.begin('remove', `attempt ${slug}`)
      states.delete(slug)
    },
    left: () => [...states.values()].filter((text) => text !== '').map((text) => JSON.parse(text) as AttemptState),
    torn: () => [...states].flatMap(([slug, text]) => (text === '' ? [slug] : [])),
    tear() {
      for (const slug of states.keys()) states.set(slug, '')
    },
    find(slug) {
      const text = states.get(slug)
      return text === undefined ? undefined : (JSON.parse(text) as AttemptState)
    },
  }
}
