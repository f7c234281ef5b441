// Plays queues of jobs through labmake's own order and queue, beside other orders: no recipe runs, and no clock.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { randomFrom } from './orderQueues.mjs'
import { openTempFolder } from './tempFolder.mjs'

const { folder } = openTempFolder('order-sources')
const source = (path) => JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)))
await build({
  stdin: {
    contents: `export { orderJobs } from ${source('core/order.ts')}
      export { play } from ${source('core/play.ts')}
      export { JobQueue } from ${source('engine/queue.ts')}`,
    resolveDir: '.',
  },
  bundle: true,
  format: 'esm',
  platform: 'node',
  outfile: `${folder}/order.mjs`,
})
const { orderJobs: orderInSteps, play, JobQueue } = await import(`${folder}/order.mjs`)

function orderJobs(...of) {
  const steps = orderInSteps(...of)
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value
}

/** Runs a queue as the engine does, by the true durations. `rankAll` ranks what is there whenever that changes. */
export function run({ jobs, slots }, rankAll) {
  const entries = jobs.map((job) => {
    const rank = { say: 0, priority: 0, order: 0 }
    return { ...job, job, rank, passedOver: 0, state: 'away', startedAt: 0, endsAt: Number.POSITIVE_INFINITY }
  })
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const queue = new JobQueue(slots)
  const finished = new Map()
  let now = 0
  for (;;) {
    for (const entry of entries) {
      if (entry.state === 'away' && entry.comesAt <= now) entry.state = 'waiting'
      const isMade = (id) => byId.get(id).state === 'done'
      if (entry.state === 'waiting' && entry.prerequisites.every(isMade)) {
        entry.state = 'queued'
        queue.add(entry)
      }
    }
    rankAll(
      entries.filter(({ state }) => state !== 'away' && state !== 'done'),
      now,
    )
    queue.reorder()
    for (let start = queue.next(); start.length > 0; start = queue.next()) {
      for (const entry of start) {
        Object.assign(entry, { state: 'running', startedAt: now, endsAt: now + entry.seconds })
        queue.take(entry)
      }
    }
    const running = entries.filter(({ state }) => state === 'running')
    const coming = entries.filter(({ state }) => state === 'away').map(({ comesAt }) => comesAt)
    now = Math.min(...running.map(({ endsAt }) => endsAt), ...coming)
    if (now === Number.POSITIVE_INFINITY) break
    for (const entry of running) {
      if (entry.endsAt > now) continue
      entry.state = 'done'
      queue.give(entry)
      finished.set(entry.batch, now - entry.comesAt)
    }
  }
  const times = [...finished.values()]
  const end = Math.max(...entries.map(({ endsAt }) => (endsAt === Number.POSITIVE_INFINITY ? 0 : endsAt)))
  return { end, mean: times.reduce((a, b) => a + b, 0) / times.length, longest: Math.max(...times) }
}

/** By numbers that never change: the least first. */
const fixed = (numberOf) => (entries) => {
  for (const entry of entries) entry.rank = { ...entry.rank, order: -numberOf(entry) }
}

export const byArrival = fixed(({ comesAt }) => comesAt)

export function byLongestPath({ jobs }) {
  const path = new Map()
  for (const { id, known, prerequisites } of jobs.toReversed()) {
    path.set(id, known + (path.get(id) ?? 0))
    for (const before of prerequisites) path.set(before, Math.max(path.get(before) ?? 0, path.get(id)))
  }
  return fixed(({ id }) => -path.get(id))
}

/** As engine/ranks does. */
export function byLabmake({ slots }) {
  const due = new Map()
  let places = new Map()
  return (entries, now) => {
    const jobs = entries.map(({ id, batch, pools, prerequisites, known, state, startedAt }) => {
      const isRunning = state === 'running'
      const elapsed = now - startedAt
      const seconds = isRunning ? Math.max(known - elapsed, elapsed / 10) : known
      return { id, batch, pools, prerequisites, seconds, isRunning, level: (due.get(id) ?? now) < now ? 0 : 1 }
    })
    const order = orderJobs(jobs, slots, places)
    places = order.places
    for (const { id } of jobs) if (!due.has(id)) due.set(id, now + 2 * order.workSeconds)
    for (const entry of entries) entry.rank = { ...entry.rank, order: places.get(entry.id) }
  }
}

/** The soonest end that a search with the true durations finds, from labmake's own order on: moves that make nothing worse, and a few that do. */
export function bestFound(queue, iterations, enough) {
  // A batch that comes later waits for a job that takes just so long, and no slot.
  const arrivals = queue.jobs.filter(({ comesAt, prerequisites }) => comesAt > 0 && prerequisites.length === 0)
  const jobs = [
    ...arrivals.map(({ id, comesAt }) => ({ id: `+${id}`, prerequisites: [], pools: new Map(), seconds: comesAt })),
    ...queue.jobs.map((job) => (arrivals.includes(job) ? { ...job, prerequisites: [`+${job.id}`] } : job)),
  ].map((job) => ({ ...job, isRunning: false, level: 0 }))
  const numbers = new Map(jobs.map(({ id }, i) => [id, i]))
  const pools = [...queue.slots.keys()]
  const texts = [...new Set(jobs.map((job) => [...job.pools].join(' ')))]
  const kind = Int32Array.from(jobs, (job) => texts.indexOf([...job.pools].join(' ')))
  const needs = texts.map((_, k) => [...jobs[kind.indexOf(k)].pools].map(([pool, n]) => [pools.indexOf(pool), n]))
  const prerequisites = jobs.map((job) => job.prerequisites.map((id) => numbers.get(id)))
  const behind = jobs.map(() => [])
  for (const [job, before] of prerequisites.entries()) for (const other of before) behind[other].push(job)
  const seconds = Float64Array.from(jobs, (job) => job.seconds)
  const isRunning = new Uint8Array(jobs.length)
  const slots = [...queue.slots.values()]
  const endOf = (order) => {
    const starts = play({ seconds, prerequisites, behind, kind, needs, slots, isRunning }, order)
    return starts.reduce((end, at, job) => Math.max(end, at + seconds[job]), 0)
  }
  const { places } = orderJobs(jobs, queue.slots)
  let order = Int32Array.from(jobs.keys()).sort((a, b) => places.get(jobs[b].id) - places.get(jobs[a].id))
  const random = randomFrom(7)
  let end = endOf(order)
  let best = end
  for (let i = 0; i < iterations && best > enough * 1.0005; i++) {
    const from = Math.floor(random() * order.length)
    const to = Math.floor(random() * order.length)
    if (from === to || kind[order[from]] !== kind[order[to]]) continue
    const moved = [...order]
    moved.splice(to, 0, ...moved.splice(from, 1))
    const next = Int32Array.from(moved)
    const then = endOf(next)
    const heat = 0.01 * best * (1 - i / iterations) ** 2
    if (then > end && random() >= Math.exp((end - then) / heat)) continue
    order = next
    end = then
    best = Math.min(best, end)
  }
  return best
}
