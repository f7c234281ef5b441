import { countStates, isShortOf, usedSlots } from '../core/board.ts'
import { formatSeconds } from '../core/durations.ts'
import { jobsToCome } from '../core/line.ts'
import { holdersText, usedText } from '../core/poolText.ts'
import { causeHint, causeText, reasonText } from '../core/reasons.ts'
import { tailOfLog } from '../io/logs.ts'
import type { Board, BoardJob, Drop } from '../model/board.ts'
import { assertNever } from '../model/errors.ts'
import type { EngineEvent } from '../model/event.ts'
import type { Reporter } from './reporter.ts'
import { cut, paint, printable, type Style, sign } from './terminal.ts'

const refreshMs = 500
const logLinesShown = 5

export interface LiveOptions {
  readonly root: string
  readonly style: Style
  readonly stream: NodeJS.WriteStream
  readonly verbose: boolean
  /** Jobs that are up to date beside those of the board. */
  readonly others: () => number
}

/**
 * For a terminal: what ended scrolls by, and two lines at the bottom say what runs and how far all is. The lines are
 * drawn over in place, cut to the width, so that a resize or a long name never breaks them.
 */
export function liveReporter({ root, style, stream, verbose, others }: LiveOptions): Reporter {
  let board: Board | undefined
  let drawn = 0
  const erase = () => (drawn === 0 ? '' : `\r${'\x1b[1A\x1b[2K'.repeat(drawn)}`)
  const width = () => stream.columns ?? 80
  const footer = () => {
    const lines =
      board === undefined ? [] : footerLines(board, { nowMs: Date.now(), style, width: width() - 1, others: others() })
    drawn = lines.length
    return lines.map((line) => `${line}\n`).join('')
  }
  const draw = (above: readonly string[]) => {
    stream.write(erase() + above.map((line) => `${line}\n`).join('') + footer())
  }
  const timer = setInterval(() => draw([]), refreshMs)
  timer.unref()
  return {
    event(event, now) {
      board = now
      const lines = eventLines(event, style, verbose)
      if (event.type === 'failed') {
        for (const line of tailOfLog(root, event.log, logLinesShown))
          lines.push(`     ${paint(style, 'dim', cut(`| ${printable(line)}`, width() - 6, style))}`)
        if (event.log !== '') lines.push(`     ${paint(style, 'dim', `log: ${printable(event.log)}`)}`)
      }
      if (lines.length > 0 || event.type === 'started') draw(lines)
    },
    close() {
      clearInterval(timer)
      stream.write(erase())
      drawn = 0
    },
  }
}

function eventLines(event: EngineEvent, style: Style, verbose: boolean): string[] {
  switch (event.type) {
    case 'started':
      return verbose
        ? [` ${sign(style, 'running')} ${printable(event.job)}  ${printable(reasonText(event.reason))}`]
        : []
    case 'adopted':
      return [
        ` ${sign(style, 'running')} ${printable(event.job)} was started by an earlier labmake and still runs: taken over`,
      ]
    case 'done': {
      const attic = event.attic === undefined ? '' : `  (the version before is in ${printable(event.attic)})`
      return [
        ` ${sign(style, 'done')} ${printable(event.job)}  ${paint(style, 'dim', formatSeconds(event.seconds) + attic)}`,
      ]
    }
    case 'failed': {
      const retry = event.retryInMs === undefined ? '' : `; again in ${formatSeconds(event.retryInMs / 1000)}`
      const hint = causeHint(event.cause)
      return [
        ` ${sign(style, 'failed')} ${printable(event.job)}  ${printable(causeText(event.cause))}, after ${formatSeconds(event.seconds)}${retry}`,
        ...(hint === undefined ? [] : [`     ${hint}`]),
      ]
    }
    case 'cancelled':
      return [
        ` ${sign(style, 'cancelled')} ${printable(event.job)} was stopped after ${formatSeconds(event.seconds)}; its target is as it was`,
      ]
    case 'blocked':
      return [` ${sign(style, 'blocked')} ${printable(event.job)} is blocked: ${printable(event.by)} was not made`]
    case 'skipped':
      return [` ${sign(style, 'waiting')} ${printable(event.job)} was left out: ${printable(reasonText(event.reason))}`]
    case 'source-changed':
      return [` ${sign(style, 'stale')} ${printable(event.job)}: ${printable(event.path)} changed while the recipe ran`]
    case 'stopping':
      return [stoppingText[event.because]]
    case 'trouble':
      return [
        ` ${paint(style, 'yellow', '!')} ${printable(event.message)}`,
        ...(event.hint === undefined ? [] : [`     ${printable(event.hint)}`]),
      ]
    case 'taken':
      return [` ${sign(style, 'done')} inbox/${printable(event.drop)} is taken: ${printable(event.stored.join(', '))}`]
    case 'same':
      return [
        ` ${sign(style, 'done')} inbox/${printable(event.drop)} is the same as ${printable(event.as.join(', '))}: kept in ${printable(event.attic)}`,
      ]
    case 'drop':
      return dropLines(event.drop, style)
    case 'acted':
      return [` ${printable(event.by)}: ${printable(event.text)}`]
    case 'planned':
    case 'changed':
    case 'pool':
    case 'idle':
    case 'withdrawn':
      return []
    default:
      return assertNever(event)
  }
}

const stoppingText = {
  asked: 'Stopping. Press Ctrl-C again to end what runs at once.',
  failed: 'A job failed; nothing more is started.',
  left: 'Leaving: nothing more is started, and what runs goes on.',
} as const

function dropLines({ name, state }: Drop, style: Style): string[] {
  const drop = `inbox/${printable(name)}`
  switch (state.kind) {
    case 'arriving':
    case 'stalled': {
      const how =
        state.kind === 'stalled' && state.because === 'disk' ? 'is whole, and could not be taken' : 'is still arriving'
      return [` ${sign(style, 'waiting')} ${drop} ${how}: ${printable(state.why)}`]
    }
    case 'settling':
      return [
        ` ${sign(style, 'waiting')} ${drop} may still be arriving: it is taken once it was still for ${formatSeconds(state.quietMs / 1000)}`,
      ]
    case 'taking':
      return []
    case 'refused':
    case 'conflict':
      return [` ${sign(style, 'failed')} ${drop} was not taken: ${printable(state.why)}`]
    default:
      return assertNever(state)
  }
}

export interface FooterOptions {
  readonly nowMs: number
  readonly style: Style
  readonly width: number
  /** See LiveOptions. */
  readonly others: number
}

/** The two lines at the bottom: running jobs with their times, then pools, counts and the expected end. */
export function footerLines(board: Board, { nowMs, style, width, others }: FooterOptions): string[] {
  const jobs = [...board.jobs.values()].filter(({ status }) => status.state !== 'stale')
  const running = jobs.filter(({ status }) => status.state === 'running')
  const counts = countStates(jobs)
  const coming = jobsToCome(board)
  const toCome = coming.filter(({ status }) => status.state !== 'running').length
  if (running.length === 0 && toCome === 0) return []
  const used = usedSlots(board)
  const busy = new Set([...coming, ...running].flatMap((job) => Object.keys(job.pools)))
  const second = [
    ...[...board.pools.values()]
      .filter((p) => busy.has(p.name))
      .map((p) => `${p.name} ${usedText(used.get(p.name) ?? 0, p)}`),
    `${toCome} to come`,
    `${counts.done + others} up to date`,
    counts.failed > 0 ? `${counts.failed} failed` : '',
    counts.blocked > 0 ? `${counts.blocked} blocked` : '',
  ]
  const plainSign = style.unicode ? '►' : '>'
  const first =
    running.length === 0
      ? `${plainSign} ${waitingText(board, busy, used)}`
      : `${plainSign} ${running.map((job) => runningText(job, nowMs)).join('   ')}`
  return [
    paint(style, 'cyan', cut(` ${first}`, width, style)),
    cut(` ${second.filter(Boolean).join('   ')}`, width, style),
  ]
}

function waitingText(board: Board, needed: ReadonlySet<string>, used: ReadonlyMap<string, number>): string {
  const pool = [...board.pools.values()].find((pool) => {
    const { name, shared } = pool
    if (!needed.has(name) || shared === undefined || shared.usedByOthers === 0) return false
    return isShortOf(pool, used.get(name) ?? 0, board)
  })
  return pool === undefined ? 'waiting to try again' : `waiting for ${pool.name}: busy${holdersText(pool.shared)}`
}

function runningText({ id, status }: BoardJob, nowMs: number): string {
  const startedMs = status.state === 'running' ? status.startedMs : nowMs
  const seconds = Math.max(0, Math.floor((nowMs - startedMs) / 1000))
  return `${id} ${seconds < 10 ? `${seconds}s` : formatSeconds(seconds)}`
}
