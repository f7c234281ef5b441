import type { BoardJob, JobState } from '../model/board.ts'
import { assertNever, UserError } from '../model/errors.ts'
import { parseDuration } from './durations.ts'
import { globSource } from './globs.ts'
import { lastEventMs, tookMs, triesOf } from './jobTimes.ts'
import { signs } from './signs.ts'
import { didYouMean } from './suggest.ts'

/**
 * The language that batches are filtered with. A space means *and*, `!` negates a word, capitals do not count.
 *
 *     m104   m1*_g0        the name has this in it; with * or ?, it is so from end to end
 *     is:failed,running    a job is in one of these states; their beginning is enough
 *     phy:queued           the job of this rule is
 *     pool:ram             a job has slots of this pool, or is queued for them
 *     by:ana               a job was held or stopped by her
 *     age>2d  took>6h      since something last happened to it; what the newest attempt of a job took, or takes
 *     tries>1              attempts of a job
 */
export interface Filter {
  readonly words: readonly Word[]
}

export interface Word {
  readonly negated: boolean
  readonly test: Test
}

export type Test =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name'; readonly pattern: RegExp }
  /** `rule` is undefined for the jobs of any. */
  | { readonly kind: 'state'; readonly rule: string | undefined; readonly states: ReadonlySet<JobState> }
  | { readonly kind: 'pool'; readonly pool: string }
  | { readonly kind: 'by'; readonly user: string }
  /** ms for age and took. */
  | { readonly kind: 'age' | 'took' | 'tries'; readonly compare: Compare; readonly value: number }

export type Compare = '>' | '<' | '>=' | '<=' | '='

/** What a word may name. */
export interface FilterNames {
  readonly rules: Iterable<string>
  readonly pools: Iterable<string>
}

/** What is filtered: the jobs of one batch, or those of rules without {batch}. */
export interface FilteredBatch {
  readonly batch: string | undefined
  readonly jobs: readonly BoardJob[]
}

/** A fault says which word cannot be read, and what could stand there. */
export function parseFilter(
  text: string,
  names: FilterNames,
): { readonly filter: Filter } | { readonly fault: string } {
  try {
    const words = text.split(/\s+/).filter((word) => word !== '')
    return { filter: { words: words.map((word) => parseWord(word, names)) } }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { fault: [error.message, error.hint].filter(Boolean).join('. ') }
  }
}

function parseWord(word: string, names: FilterNames): Word {
  const negated = word.startsWith('!')
  const rest = negated ? word.slice(1) : word
  if (rest === '') throw new UserError('! negates the word after it', { hint: '!m104, !is:done' })
  return { negated, test: parseTest(rest.toLowerCase(), names) }
}

function parseTest(word: string, names: FilterNames): Test {
  const comparison = /^(age|took|tries)(>=|<=|>|<|=)(.*)$/.exec(word)
  if (comparison !== null) {
    const [, kind, compare, value = ''] = comparison as unknown as [string, 'age' | 'took' | 'tries', Compare, string]
    return { kind, compare, value: kind === 'tries' ? count(value, word) : duration(value, word) }
  }
  const colon = word.indexOf(':')
  if (colon < 0) {
    return /[*?]/.test(word) ? { kind: 'name', pattern: globPattern(word) } : { kind: 'text', text: word }
  }
  const key = word.slice(0, colon)
  const value = word.slice(colon + 1)
  switch (key) {
    case 'is':
      return { kind: 'state', rule: undefined, states: statesOf(value, word) }
    case 'pool':
      return { kind: 'pool', pool: named(value, names.pools, word, 'pool') }
    case 'by':
      if (value === '') throw new UserError(`"${word}": whose name?`)
      return { kind: 'by', user: value }
    default:
      return { kind: 'state', rule: named(key, names.rules, word, 'rule'), states: statesOf(value, word) }
  }
}

function named(name: string, known: Iterable<string>, word: string, what: 'rule' | 'pool'): string {
  const all = [...known]
  const found = all.find((one) => one.toLowerCase() === name)
  if (found !== undefined) return found
  const hint = didYouMean(name, all)
  throw new UserError(`"${word}": no ${what} is called "${name}"`, hint === undefined ? {} : { hint })
}

const allStates = Object.keys(signs) as JobState[]

/** `failed,run` → failed and running. */
function statesOf(list: string, word: string): ReadonlySet<JobState> {
  const states = list.split(',').flatMap((beginning) => {
    const meant = beginning === '' ? [] : allStates.filter((state) => state.startsWith(beginning))
    if (meant.length > 0) return meant
    const what = beginning === '' ? 'a state is missing' : `"${beginning}" is no state`
    const hint = beginning === '' ? `One of ${allStates.join(', ')}` : didYouMean(beginning, allStates)
    throw new UserError(`"${word}": ${what}`, hint === undefined ? {} : { hint })
  })
  return new Set(states)
}

function count(text: string, word: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new UserError(`"${word}": "${text}" is not a number`, { hint: 'As in tries>1' })
}

function duration(text: string, word: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(`"${word}": ${error.message}`, error.hint === undefined ? {} : { hint: error.hint })
  }
}

function globPattern(glob: string): RegExp {
  const pieces = glob.split('*').map((piece) => piece.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('?', '.'))
  return new RegExp(`^${globSource(pieces, '.')}$`)
}

/** Do all words hold? */
export function matchesBatch({ words }: Filter, batch: FilteredBatch, nowMs: number): boolean {
  // A plain loop: it runs over 5,000 batches at each key that is typed.
  for (const { negated, test } of words) if (holds(test, batch, nowMs) === negated) return false
  return true
}

function holds(test: Test, { batch, jobs }: FilteredBatch, nowMs: number): boolean {
  switch (test.kind) {
    case 'text':
    case 'name': {
      const fits = (name: string) =>
        test.kind === 'text' ? name.toLowerCase().includes(test.text) : test.pattern.test(name.toLowerCase())
      return batch === undefined ? jobs.some(({ id }) => fits(id)) : fits(batch)
    }
    case 'state':
      return jobs.some(({ rule, status }) => (test.rule ?? rule) === rule && test.states.has(status.state))
    case 'pool':
      return jobs.some(
        ({ pools, status }) => test.pool in pools && (status.state === 'running' || status.state === 'queued'),
      )
    case 'by':
      return jobs.some((job) => byOf(job)?.toLowerCase() === test.user)
    case 'age': {
      const happenedMs = jobs.reduce((latest, job) => Math.max(latest, lastEventMs(job)), 0)
      return happenedMs > 0 && compared(nowMs - happenedMs, test)
    }
    case 'took':
      return jobs.some((job) => {
        const took = tookMs(job, nowMs)
        return took !== undefined && compared(took, test)
      })
    case 'tries':
      return jobs.some((job) => compared(triesOf(job), test))
    default:
      return assertNever(test)
  }
}

function compared(actual: number, { compare, value }: { readonly compare: Compare; readonly value: number }): boolean {
  switch (compare) {
    case '>':
      return actual > value
    case '<':
      return actual < value
    case '>=':
      return actual >= value
    case '<=':
      return actual <= value
    case '=':
      return actual === value
    default:
      return assertNever(compare)
  }
}

/** Who held or stopped it. */
function byOf({ status }: BoardJob): string | undefined {
  if (status.state === 'running') return status.stoppedBy
  return status.state === 'held' || status.state === 'cancelled' ? status.by : undefined
}
