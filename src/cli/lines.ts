import { type Board, countStates, emptyBoard, nextBoard, usedSlots } from '../core/board.ts'
import { formatSeconds } from '../core/durations.ts'
import { causeHint, causeText, reasonText } from '../core/reasons.ts'
import { tailOfLog } from '../io/logs.ts'
import type { BuildEvent } from '../model/event.ts'
import type { Reporter } from './reporter.ts'
import { localTime, printable } from './terminal.ts'

const aliveEveryMs = 600_000
const logLinesShown = 5

/**
 * A line per event, for logs and pipes: ISO time, then fields in a stable order, never cut. A failure brings the last lines
 * of its log; every ten minutes a line says that all is alive.
 */
export function lineReporter(
  root: string,
  slots: ReadonlyMap<string, number>,
  write: (text: string) => void,
): Reporter {
  let board = emptyBoard
  const say = (atMs: number, word: string, ...fields: string[]) => {
    write(`${[localTime(atMs), word.padEnd(9), ...fields.filter((f) => f !== '')].join(' ')}\n`)
  }
  const alive = setInterval(() => say(Date.now(), 'alive', aliveText(board)), aliveEveryMs)
  alive.unref()
  return {
    event(event) {
      board = nextBoard(board, event)
      for (const [word, ...fields] of describeEvent(event, board, slots))
        say(event.atMs, word, ...fields.map(printable))
      if (event.type === 'failed')
        for (const line of tailOfLog(root, event.log, logLinesShown)) write(`    | ${printable(line)}\n`)
    },
    close: () => clearInterval(alive),
  }
}

function aliveText(board: Board): string {
  const { running, waiting, retrying, done, failed } = countStates(board)
  return `running=${running} queued=${waiting + retrying} done=${done} failed=${failed}`
}

type EventLine = [word: string, ...fields: string[]]

function describeEvent(event: BuildEvent, board: Board, slots: ReadonlyMap<string, number>): EventLine[] {
  switch (event.type) {
    case 'planned':
      return [['planned', `jobs=${event.jobs.length}`, `up-to-date=${event.upToDate}`]]
    case 'added':
      return [['planned', `jobs=+${event.jobs.length}`]]
    case 'started': {
      const used = usedSlots(board)
      const pools = Object.keys(board.jobs.get(event.job)?.pools ?? {}).map(
        (p) => `pool=${p} ${used.get(p) ?? 0}/${slots.get(p) ?? '?'}`,
      )
      const pid = event.pid === undefined ? '' : `pid=${event.pid}`
      return [['start', event.job, `try=${event.attempt}`, ...pools, pid, `why=${reasonText(event.reason)}`]]
    }
    case 'adopted':
      return [['adopted', event.job, `try=${event.attempt}`, `running since ${localTime(event.startedMs)}`]]
    case 'done':
      return [
        [
          'done',
          event.job,
          formatSeconds(event.seconds),
          event.attic === undefined ? '' : `old target kept in ${event.attic}`,
        ],
      ]
    case 'failed': {
      const retry = event.retryInMs === undefined ? '' : `again in ${formatSeconds(event.retryInMs / 1000)}`
      const log = event.log === '' ? '' : `log=${event.log}`
      const lines: EventLine[] = [
        ['failed', event.job, formatSeconds(event.seconds), causeText(event.cause), log, retry],
      ]
      const hint = causeHint(event.cause)
      return hint === undefined ? lines : [...lines, ['hint', hint]]
    }
    case 'cancelled':
      return [['cancelled', event.job, `after ${formatSeconds(event.seconds)}`]]
    case 'blocked':
      return [['blocked', event.job, `because ${event.by} was not made`]]
    case 'skipped':
      return [['skipped', event.job, reasonText(event.reason)]]
    case 'source-changed':
      return [['changed', event.job, `${event.path} changed while the recipe ran`]]
    case 'stopping':
      return [
        [
          'stopping',
          event.because === 'asked' ? 'ending what runs' : 'a job failed: nothing more is started',
          `running=${event.running}`,
        ],
      ]
    case 'trouble':
      return [['trouble', event.message]]
  }
}
