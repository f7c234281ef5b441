// An engine that only talks: 5,000 batches in the middle of their backlog, five updates a second, a log that grows. For
// test/bench/ui.mjs, which bundles it and starts it: node uiEngine.mjs ROOT BATCHES
import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { nextBoard } from '../../src/core/board.ts'
import { lockWorkspace } from '../../src/io/lock.ts'
import type { BoardJob, JobStatus } from '../../src/model/board.ts'
import type { EngineEvent } from '../../src/model/event.ts'
import { serveEngine } from '../../src/server/serve.ts'
import { nowMs as boardMs, labBoard } from '../ui/boards.ts'

const [root = '', count = '5000'] = process.argv.slice(2)
const updateMs = 200
const logMs = 1000

const shiftMs = Date.now() - boardMs
/** The board of the tests is of a day of its own. */
function ofToday(job: BoardJob): BoardJob {
  const { status } = job
  if (status.state === 'running') return { ...job, status: { ...status, startedMs: status.startedMs + shiftMs } }
  if (!('last' in status) || status.last === undefined) return job
  return {
    ...job,
    status: { ...status, last: { ...status.last, endedMs: status.last.endedMs + shiftMs } } as JobStatus,
  }
}

const lab = labBoard(Number(count))
let board = { ...lab, jobs: new Map([...lab.jobs].map(([id, job]) => [id, ofToday(job)])) }
const listeners = new Set<(event: EngineEvent) => void>()
const running = () =>
  [...board.jobs.values()].filter(({ status, rule }) => rule === 'phy' && status.state === 'running')
const log = (id: string) => `.labmake/logs/${id}/1.log`

/** The longest runs on, and its log grows; the others end, and the next ones start. */
const [longest] = running().sort((a, b) => startedMs(a) - startedMs(b))
function startedMs({ status }: BoardJob): number {
  return status.state === 'running' ? status.startedMs : 0
}

function tell(event: EngineEvent): void {
  board = nextBoard(board, event) as typeof board
  for (const listener of listeners) listener(event)
}

let updates = 0
/** A drop grows; and every ten seconds, which is more often than in any lab, a job ends and the next one starts. */
function update(): void {
  const atMs = Date.now()
  const files = ++updates
  const state = { kind: 'arriving', why: 'it grows', sinceMs: atMs } as const
  tell({ type: 'drop', atMs, drop: { name: 'm131_2026-08-09_g0', files, bytes: files * 1e9, state } })
  if (updates % 50 !== 0) return
  const ended = running().find(({ id }) => id !== longest?.id)
  if (ended !== undefined) tell({ type: 'done', atMs, job: ended.id, attempt: 1, seconds: 1000, log: log(ended.id) })
  for (const { id, rule, status } of board.jobs.values()) {
    if (rule !== 'phy' || status.state !== 'queued') continue
    tell({ type: 'started', atMs, job: id, attempt: 1, pid: 1, reason: status.reason, log: log(id) })
    return
  }
}

let lines = 0
function writeLog(): void {
  if (longest?.status.state !== 'running') return
  const path = `${root}/${longest.status.log}`
  mkdirSync(dirname(path), { recursive: true })
  const time = new Date().toTimeString().slice(0, 8)
  appendFileSync(path, `${time} template matching chunk ${lines++}/4096   ${210 + (lines % 23)} units   rss 38.7 GB\n`)
}

await lockWorkspace(root, () => process.exit(1))
await serveEngine(
  {
    board: () => board,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    act: async () => ({ done: true, text: 'Done.', count: 1, undo: undefined }),
    reading: () => undefined,
    whenRead: async () => {},
    standing: () => Promise.reject(new Error('nobody asks this of a bench')),
    detail: (id) => ({ id, command: `phy-sort ${id}`, sources: [], targets: [], params: {}, why: [], attempts: [] }),
    advice: () => [],
    history: () => [],
  },
  { root, version: LABMAKE_VERSION },
)
declare const LABMAKE_VERSION: string
for (let n = 0; n < 200; n++) writeLog()
setInterval(update, updateMs)
setInterval(writeLog, logMs)
process.stdout.write('ready\n')
