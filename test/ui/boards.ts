import type { Board, BoardJob, BoardPool, Drop, Estimate, JobStatus, LastAttempt } from '../../src/model/board.ts'
import type { Cause } from '../../src/model/record.ts'
import { initialState, type UiState } from '../../src/ui/state.ts'
import type { View } from '../../src/ui/view.ts'

/** All boards here are looked at on this moment: 10 August 2026, 12:02:12 UTC. */
export const nowMs = Date.UTC(2026, 7, 10, 12, 2, 12)

const minuteMs = 60_000
const missing = (path: string) => ({ kind: 'target-missing', path }) as const

export const last = (options: Partial<LastAttempt> = {}): LastAttempt => ({
  attempt: 1,
  endedMs: nowMs - 60 * minuteMs,
  seconds: 3180,
  log: '.labmake/logs/denoise/B1/1.log',
  ...options,
})

export const statuses = {
  waiting: { state: 'waiting', reason: { kind: 'no-source', path: 'data/mat/B1/', state: 'missing' } },
  queued: { state: 'queued', reason: missing('data/kwd/B1.kwd') },
  retrying: {
    state: 'queued',
    reason: missing('data/kwd/B1.kwd'),
    retry: { atMs: nowMs + 4 * minuteMs, cause: { kind: 'exit', code: 1 }, number: 2, of: 3 },
  },
  running: {
    state: 'running',
    reason: missing('data/kwd/B1.kwd'),
    attempt: 1,
    startedMs: nowMs - 139 * minuteMs,
    pid: 41877,
    log: '.labmake/logs/phy/B1/1.log',
  },
  done: { state: 'done', last: last(), edited: undefined },
  failed: { state: 'failed', cause: { kind: 'signal', signal: 'SIGKILL' }, last: last({ attempt: 3, seconds: 2460 }) },
  blocked: { state: 'blocked', job: 'denoise/B1' },
  held: { state: 'held', by: 'ana', atMs: nowMs - 3 * 3_600_000, reason: missing('data/phy/B1/') },
  cancelled: { state: 'cancelled', by: 'ana', last: last({ seconds: 600 }) },
  protected: {
    state: 'protected',
    edited: 'data/phy/B1/spike_clusters.npy',
    reason: { kind: 'source-changed', path: 'data/kwd/B1.kwd' },
  },
  stale: { state: 'stale', reason: { kind: 'recipe-changed', before: 'a', after: 'b' } },
  orphaned: { state: 'orphaned', path: 'data/kwd/B1.kwd' },
} as const satisfies Record<string, JobStatus>

export const denoiseTakes: Estimate = { seconds: 3480, low: 2760, high: 4080, runs: 312 }
export const phyTakes: Estimate = { seconds: 33_120, low: 25_200, high: 50_400, runs: 312 }

/** A job of the two rules of the lab; `denoise` takes ram, all others a slot of cpu. */
export function job(
  rule: string,
  batch: string | undefined,
  status: JobStatus,
  more: Partial<BoardJob> = {},
): BoardJob {
  return {
    id: batch === undefined ? rule : `${rule}/${batch}`,
    rule,
    batch,
    name: rule,
    params: {},
    pools: rule === 'denoise' ? { ram: 1 } : { cpu: 1 },
    prerequisites: rule === 'phy' ? [`denoise/${batch}`] : [],
    estimate: rule === 'denoise' ? denoiseTakes : phyTakes,
    rank: { say: 0, priority: 0, order: 0 },
    status,
    ...more,
  }
}

export const pool = (name: string, slots: number, more: Partial<BoardPool> = {}): BoardPool => ({
  name,
  slots,
  declared: slots,
  counts: 'slots',
  pausedBy: undefined,
  ...more,
})

export function board(jobs: readonly BoardJob[], more: Partial<Board> = {}): Board {
  return {
    engine: {
      pid: 41233,
      user: 'lab',
      host: 'rig',
      startedMs: nowMs - 26 * 3_600_000,
      version: '1.0.0',
      mode: 'watch',
      root: '/srv/ephys/np-study',
      stopping: false,
    },
    jobs: new Map(jobs.map((j) => [j.id, j])),
    pools: new Map([pool('ram', 2), pool('cpu', 12), pool('gpu', 1, { pausedBy: 'ana' })].map((p) => [p.name, p])),
    rules: ['denoise', 'phy'],
    drops: new Map(),
    orphans: [],
    faults: [],
    warnings: [],
    quietMs: 30_000,
    ...more,
  }
}

export const drops: readonly Drop[] = [
  {
    name: 'm131_2026-08-09_g0',
    files: 412,
    bytes: 211e9,
    state: { kind: 'arriving', why: 'it grew by 18 GB within a minute', sinceMs: nowMs - 8 * minuteMs },
  },
  {
    name: 'm132_2026-08-09_g0',
    files: 388,
    bytes: 198e9,
    state: { kind: 'settling', stillMs: 12_000, quietMs: 30_000 },
  },
  {
    name: 'm118_2026-08-07_g0',
    files: 3,
    bytes: 74e9,
    state: {
      kind: 'refused',
      why: 'no rule takes it: there is no *.mat in it',
      hint: 'Put the .mat files into the folder, then drop it again.',
      atMs: nowMs - 50 * minuteMs,
    },
  },
  {
    name: 'm108_2026-05-08_g0',
    files: 400,
    bytes: 190e9,
    state: {
      kind: 'conflict',
      why: 'a.mat is 12 bytes longer than the one that is here',
      with: 'data/mat/m108_2026-05-08_g0/',
      atMs: nowMs - 20 * minuteMs,
    },
  },
]

/** Names as a lab gives them; both ends differ. */
export function batchName(i: number, count: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const month = 1 + Math.floor((i / count) * 8)
  return `m${101 + (i % 31)}_2026-${two(month)}-${two(1 + ((i * 7) % 28))}_g${i % 3}_imec${i % 2}.${i}`
}

/**
 * A lab in the middle of its backlog: most is done, some runs, the rest waits; and of every trouble there is one. Of
 * `count` batches, at least 40.
 */
export function labBoard(count: number, more: Partial<Board> = {}): Board {
  const jobs: BoardJob[] = []
  const denoised = Math.floor(count * 0.66)
  const sorted = Math.floor(count * 0.61)
  for (let i = 0; i < count; i++) {
    const batch = batchName(i, count)
    const [denoise, phy] = pairOf(i, { denoised, sorted, batch })
    jobs.push(job('denoise', batch, denoise, { params: { omit: i % 4 === 0 ? 'Port_12' : '' } }))
    jobs.push(job('phy', batch, phy))
  }
  return board(jobs, { drops: new Map(drops.map((drop) => [drop.name, drop])), ...more })
}

function pairOf(
  i: number,
  { denoised, sorted, batch }: { readonly denoised: number; readonly sorted: number; readonly batch: string },
): [JobStatus, JobStatus] {
  const { waiting, queued, retrying, running, failed, held, cancelled, stale } = statuses
  const blocked: JobStatus = { state: 'blocked', job: `denoise/${batch}` }
  const after: JobStatus = { state: 'waiting', reason: { kind: 'prerequisite', job: `denoise/${batch}` } }
  const made = (seconds: number): JobStatus => {
    return { state: 'done', last: last({ seconds, endedMs: nowMs - (5000 - i) * 31 * minuteMs }), edited: undefined }
  }
  const denoiseDone = made(60 * (46 + ((i * 13) % 22)))
  const runs = (minutes: number): JobStatus => ({ ...running, startedMs: nowMs - minutes * minuteMs })
  const exit: Cause = { kind: 'exit', code: 2, says: 'meta says 385 channels, file has 384' }
  if (i === denoised || i === denoised + 1) return [runs(27 + (i % 7)), after]
  if (i === denoised - 3) return [failed, blocked]
  if (i === denoised - 5) return [{ state: 'failed', cause: exit, last: last({ seconds: 12 }) }, blocked]
  if (i === denoised + 4) return [retrying, after]
  if (i >= sorted && i < sorted + Math.min(9, denoised - 6 - sorted)) return [denoiseDone, runs(20 + (i % 9) * 41)]
  const cuda: JobStatus = { state: 'failed', cause: { kind: 'exit', code: 1 }, last: last({ seconds: 22_320 }) }
  if (i === sorted - 2) return [denoiseDone, cuda]
  if (i === sorted - 4) return [denoiseDone, held]
  if (i === sorted - 6) return [stale, after]
  if (i === sorted - 8) return [denoiseDone, cancelled]
  if (i === sorted - 10) return [denoiseDone, statuses.protected]
  if (i === sorted - 12) return [statuses.orphaned, made(36_000)]
  if (i === denoised + 6) return [waiting, after]
  return [
    i < denoised ? denoiseDone : queued,
    i < sorted ? made(14_400 + (i % 200) * 360) : i < denoised ? queued : after,
  ]
}

/** A view of a board, alive, in colour and Unicode unless said otherwise. */
export function viewOf(shown: Board | undefined, more: Partial<View> = {}): View {
  return {
    style: { color: true, unicode: true },
    nowMs,
    user: 'ana',
    link: { state: 'alive' },
    board: shown,
    version: 1,
    jobsVersion: 1,
    details: new Map(),
    log: undefined,
    history: undefined,
    advice: [],
    ...more,
  }
}

export function stateOf(columns: number, rows: number, more: Partial<UiState> = {}): UiState {
  return { ...initialState(columns, rows), ...more }
}
