import { isShortOf, type StateCounts, usedSlots } from '../core/board.ts'
import { formatSeconds } from '../core/durations.ts'
import { holdersText, usedText } from '../core/poolText.ts'
import { printable } from '../core/printable.ts'
import { causeHint, causeText, reasonText } from '../core/reasons.ts'
import { plural } from '../core/sizes.ts'
import { tailOfLog } from '../io/logs.ts'
import type { Board, BoardPool, Drop } from '../model/board.ts'
import { assertNever } from '../model/errors.ts'
import type { DropEvent, EngineEvent, JobEvent } from '../model/event.ts'
import type { Cause } from '../model/record.ts'
import { followStates } from './jobStates.ts'
import type { Reporter } from './reporter.ts'
import { localTime } from './terminal.ts'

const aliveEveryMs = 600_000
const logLinesShown = 5

export interface LineReporter extends Reporter {
  /** An engine that was at work already: says how things stand. */
  joined(board: Board): void
}

/**
 * A line per event, for logs and pipes: ISO time, a word, batch and rule, then fields in a stable order, never cut. A
 * failure brings the last lines of its log; every ten minutes a line says that all is alive. What comes in one turn is
 * written at its end, for of short jobs there are thousands of lines a second. `others`: jobs that are up to date beside
 * those of the board.
 */
export function lineReporter(
  root: string,
  write: (text: string) => void,
  others: () => number = () => 0,
): LineReporter {
  /** A drop is told of when its state is another, not each time it was looked at. */
  const dropKinds = new Map<string, string>()
  const states = followStates()
  const isNews = (event: EngineEvent) => {
    if (event.type === 'planned') return event.jobs.some(({ status }) => status.state === 'queued')
    if (event.type !== 'drop') return true
    const { name, state } = event.drop
    const before = dropKinds.get(name)
    dropKinds.set(name, state.kind)
    return before !== state.kind
  }
  let gathered = ''
  let atEndOfTurn: NodeJS.Immediate | undefined
  const flush = () => {
    clearImmediate(atEndOfTurn)
    atEndOfTurn = undefined
    if (gathered !== '') write(gathered)
    gathered = ''
  }
  const gather = (text: string) => {
    gathered += text
    atEndOfTurn ??= setImmediate(flush)
  }
  const say = (atMs: number, word: string, ...fields: readonly string[]) => {
    gather(`${[localTime(atMs), word.padEnd(7), fields.filter((f) => f !== '').join('  ')].join(' ')}\n`)
  }
  const alive = setInterval(() => say(Date.now(), 'alive', aliveText(states.counts())), aliveEveryMs)
  alive.unref()
  return {
    joined(board) {
      states.join(board)
      say(Date.now(), 'alive', aliveText(states.counts()))
    },
    event(event, board) {
      states.event(event, board)
      if (!isNews(event)) return
      for (const [word, ...fields] of describe(event, board, {
        others: others(),
        counts: states.counts(),
        used: () => usedSlots(board, states.running(board)),
      }))
        say(event.atMs, word, ...fields.map(printable))
      if (event.type === 'failed')
        for (const line of tailOfLog(root, event.log, logLinesShown)) gather(`    | ${printable(line)}\n`)
    },
    close() {
      clearInterval(alive)
      flush()
    },
  }
}

function aliveText({ running, queued, waiting, done, failed }: StateCounts): string {
  return `running=${running} queued=${queued} waiting=${waiting} done=${done} failed=${failed}`
}

type EventLine = [word: string, ...fields: string[]]

interface Aside {
  /** See lineReporter. */
  readonly others: number
  readonly counts: StateCounts
  /** Slots by pool, counted where they are told. */
  readonly used: () => ReadonlyMap<string, number>
}

function describe(event: EngineEvent, board: Board, { others, counts, used }: Aside): EventLine[] {
  switch (event.type) {
    case 'planned':
      return plannedLines(counts, others)
    case 'changed':
      return []
    case 'pool':
      return poolLines(event.pool, board)
    case 'acted':
      return [['asked', `by=${event.by}`, event.text]]
    case 'idle':
      return [['idle', 'nothing runs, nothing is queued']]
    case 'stopping': {
      const why = stoppingText[event.because]
      return [['stopping', why, `running=${event.running}`]]
    }
    case 'trouble':
      return event.hint === undefined
        ? [['trouble', event.message]]
        : [
            ['trouble', event.message],
            ['hint', event.hint],
          ]
    case 'drop':
    case 'taken':
    case 'same':
    case 'withdrawn':
      return dropLines(event)
    default:
      return jobLines(event, board, used)
  }
}

function plannedLines({ queued, waiting, running, done }: StateCounts, others: number): EventLine[] {
  return [['planned', `queued=${queued} waiting=${waiting} running=${running} up-to-date=${done + others}`]]
}

/** Others have a shared pool that jobs in line need. */
function poolLines(pool: BoardPool, board: Board): EventLine[] {
  const { name, shared } = pool
  const used = usedSlots(board).get(name) ?? 0
  if (shared === undefined || shared.usedByOthers === 0 || !isShortOf(pool, used, board)) return []
  return [['busy', `pool=${name} ${usedText(used, pool)}${holdersText(shared)}`]]
}

function jobLines(event: JobEvent, board: Board, usedNow: Aside['used']): EventLine[] {
  const job = board.jobs.get(event.job)
  const name = job === undefined ? [event.job] : [job.batch ?? '-', job.name]
  switch (event.type) {
    case 'started': {
      const used = usedNow()
      const pools = Object.keys(job?.pools ?? {}).map((name) => {
        const { slots, counts } = board.pools.get(name) ?? { slots: 0, counts: 'slots' }
        return `pool=${name} ${usedText(used.get(name) ?? 0, { slots, counts })}`
      })
      const pid = event.pid === undefined ? [] : [`pid=${event.pid}`]
      const fields = [`try=${event.attempt}`, ...pools, ...pid].join(' ')
      return [['start', ...name, fields, `why=${reasonText(event.reason)}`]]
    }
    case 'adopted':
      return [['adopted', ...name, `try=${event.attempt} running since ${localTime(event.startedMs)}`]]
    case 'done':
      return [
        [
          'done',
          ...name,
          formatSeconds(event.seconds),
          event.attic === undefined ? '' : `old target kept in ${event.attic}`,
        ],
      ]
    case 'failed': {
      const retry = event.retryInMs === undefined ? '' : `again in ${formatSeconds(event.retryInMs / 1000)}`
      const log = event.log === '' ? [] : [`log=${event.log}`]
      const fields = [...causeFields(event.cause), formatSeconds(event.seconds), ...log].join(' ')
      const line: EventLine = ['failed', ...name, fields, causeText(event.cause), retry]
      const hint = causeHint(event.cause)
      return hint === undefined ? [line] : [line, ['hint', hint]]
    }
    case 'cancelled':
      return [['stopped', ...name, `after ${formatSeconds(event.seconds)}`, `by=${event.by}`]]
    case 'blocked':
      return [['blocked', ...name, `because ${event.by} was not made`]]
    case 'skipped':
      return [['skipped', ...name, reasonText(event.reason)]]
    case 'source-changed':
      return [['changed', ...name, `${event.path} changed while the recipe ran`]]
    default:
      return assertNever(event)
  }
}

/** What a script looks for. */
function causeFields(cause: Cause): readonly string[] {
  if (cause.kind !== 'exit' && cause.kind !== 'signal') return [`cause=${cause.kind}`]
  const because = cause.because === undefined ? [] : [`because=${cause.because}`]
  return [cause.kind === 'exit' ? `exit=${cause.code}` : `signal=${cause.signal}`, ...because]
}

function dropLines(event: DropEvent): EventLine[] {
  switch (event.type) {
    case 'drop':
      return dropStateLines(event.drop)
    case 'taken':
      return [['taken', `inbox/${event.drop}`, `${plural(event.files, 'file')}`, `kept as ${event.stored.join(', ')}`]]
    case 'same':
      return [['same', `inbox/${event.drop}`, `as ${event.as.join(', ')}`, `kept in ${event.attic}`]]
    case 'withdrawn':
      return [['gone', `inbox/${event.drop}`, 'somebody took it out of the inbox']]
    default:
      return assertNever(event)
  }
}

function dropStateLines({ name, state }: Drop): EventLine[] {
  switch (state.kind) {
    case 'arriving':
      return [['arriving', `inbox/${name}`, state.why]]
    case 'settling':
      return [['settling', `inbox/${name}`, `taken when it was still for ${formatSeconds(state.quietMs / 1000)}`]]
    case 'stalled':
      return [['stalled', `inbox/${name}`, state.why]]
    case 'taking':
      return []
    case 'refused':
      return [
        ['refused', `inbox/${name}`, state.why],
        ...(state.hint === undefined ? [] : [['hint', state.hint] as EventLine]),
      ]
    case 'conflict':
      return [
        ['conflict', `inbox/${name}`, state.why],
        ['hint', `labmake inbox take ${name} --replace, or --as ANOTHER_NAME`],
      ]
    default:
      return assertNever(state)
  }
}

const stoppingText = {
  asked: 'nothing more is started',
  failed: 'a job failed: nothing more is started',
  left: 'nothing more is started, and what runs goes on: the next labmake takes it over',
} as const
