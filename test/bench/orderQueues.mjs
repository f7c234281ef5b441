// Queues for bench:order: shapes of work, durations drawn for them, and what no order can be better than.

/** Uniform in [0, 1): the same numbers for a seed, everywhere. */
export function randomFrom(seed) {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Lognormal, of median 1. */
function spread(random, sigma) {
  return Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()))
}

const step = (seconds, pools, after) => ({ seconds, pools, after })
const ram = { ram: 1 }
const cpu = { cpu: 1 }
const gpu = { gpu: 1 }

/** Pools, and steps with their mean seconds; a step waits for the one before it, or for those that it names. */
export const shapes = {
  'two steps': { slots: { ram: 2, cpu: 4 }, steps: [step(0.2, ram), step(0.5, cpu)] },
  'two: ram scarce': { slots: { ram: 2, cpu: 4 }, steps: [step(0.4, ram), step(0.5, cpu)] },
  'two: cpu scarce': { slots: { ram: 2, cpu: 4 }, steps: [step(0.2, ram), step(1, cpu)] },
  'three steps': { slots: { ram: 2, cpu: 4, gpu: 1 }, steps: [step(0.2, ram), step(0.4, cpu), step(0.1, gpu)] },
  'three: gpu first': { slots: { ram: 2, cpu: 4, gpu: 1 }, steps: [step(0.1, gpu), step(0.2, ram), step(0.4, cpu)] },
  'three: middle scarce': {
    slots: { ram: 2, cpu: 4, gpu: 2 },
    steps: [step(0.2, ram), step(0.6, cpu), step(0.15, gpu)],
  },
  'three: two in one pool': { slots: { ram: 2, cpu: 4 }, steps: [step(0.2, ram), step(0.3, cpu), step(0.2, cpu)] },
  'five steps': {
    slots: { ram: 2, cpu: 4, gpu: 1 },
    steps: [step(0.1, cpu), step(0.2, ram), step(0.4, cpu), step(0.1, gpu), step(0.05, ram)],
  },
  'fork and join': {
    slots: { ram: 2, cpu: 4, gpu: 1 },
    steps: [step(0.2, ram), step(0.3, cpu, [0]), step(0.1, gpu, [0]), step(0.1, cpu, [1, 2])],
  },
  'several slots each': {
    slots: { ram: 2, cpu: 8 },
    steps: [step(0.2, { ram: 1, cpu: 2 }), step(0.3, { cpu: 4 }), step(0.1, cpu)],
  },
  'gpu shared by steps': {
    slots: { ram: 2, cpu: 4, gpu: 1 },
    steps: [step(0.1, { ram: 1, gpu: 1 }), step(0.5, cpu), step(0.06, gpu)],
  },
  'three: batches arrive': {
    slots: { ram: 2, cpu: 4, gpu: 1 },
    steps: [step(0.2, ram), step(0.4, cpu), step(0.1, gpu)],
    isArriving: true,
  },
}

/** Jobs by id prefix of their batch; `seconds` are what they take, `known` what is expected. */
export function writeQueue({ slots, steps, isArriving = false }, { batches, sigma, seed }) {
  const random = randomFrom(seed)
  const needs = steps.map(({ pools }) => new Map(Object.entries(pools)))
  const meanSeconds = steps.reduce((sum, { seconds }) => sum + seconds, 0)
  const jobs = []
  for (let i = 0; i < batches; i++) {
    const batch = `b${String(i).padStart(6, '0')}`
    // A third is there at the beginning, the others come while these are worked on.
    const comesAt = isArriving && i % 3 > 0 ? random() * batches * meanSeconds * 0.15 : 0
    steps.forEach(({ seconds, after = [] }, at) => {
      const before = at > 0 && after.length === 0 ? [at - 1] : after
      const took = sigma === 0 ? seconds : seconds * Math.exp((-sigma * sigma) / 2) * spread(random, sigma)
      const prerequisites = before.map((k) => `${batch}/${k}`)
      jobs.push({ id: `${batch}/${at}`, batch, pools: needs[at], prerequisites, seconds: took, known: took, comesAt })
    })
  }
  return { jobs, slots: new Map(Object.entries(slots)) }
}

/** The queue with durations that are known so well only. */
export function withNoise({ jobs, slots }, sigma, seed) {
  const random = randomFrom(1000 + seed)
  return { slots, jobs: jobs.map((job) => ({ ...job, known: job.seconds * spread(random, sigma) })) }
}

/** No order ends sooner, in seconds: by the longest chain, and by the work of each pool between the soonest start of any job in it and the shortest rest behind. */
export function lowerBound({ jobs, slots }) {
  const byId = new Map(jobs.map((job) => [job.id, job]))
  const head = new Map()
  const tail = new Map(jobs.map(({ id }) => [id, 0]))
  for (const { id, prerequisites, comesAt } of jobs) {
    head.set(id, Math.max(comesAt, ...prerequisites.map((before) => head.get(before) + byId.get(before).seconds)))
  }
  for (const { id, prerequisites, seconds } of jobs.toReversed()) {
    for (const before of prerequisites) tail.set(before, Math.max(tail.get(before), tail.get(id) + seconds))
  }
  const chains = jobs.map(({ id, seconds }) => head.get(id) + seconds + tail.get(id))
  const pools = [...slots].map(([pool, count]) => poolBound(jobs, pool, count, head, tail))
  return Math.max(...chains, ...pools)
}

function poolBound(jobs, pool, slots, head, tail) {
  const own = jobs
    .filter(({ pools }) => pools.has(pool))
    .map(({ id, seconds, pools }) => ({
      head: head.get(id),
      tail: tail.get(id),
      work: seconds * pools.get(pool),
      wide: pools.get(pool) > 1,
    }))
  const some = (numbers) => numbers.filter((_, i) => i % Math.ceil(numbers.length / 40) === 0)
  const thresholds = (key) => some([...new Set(own.map((job) => job[key]))].sort((a, b) => a - b))
  let bound = 0
  for (const from of thresholds('head')) {
    for (const to of thresholds('tail')) {
      const late = own.filter((job) => job.head >= from && job.tail >= to)
      const work = late.reduce((sum, job) => sum + job.work, 0)
      if (late.length < 2 * slots || late.some(({ wide }) => wide)) {
        if (late.length > 0) bound = Math.max(bound, from + work / slots + to)
        continue
      }
      // Each slot starts with another job, and ends with another; a slot without any waits for one that is neither.
      const sumOfFirst = (key) => {
        const least = late.map((job) => job[key]).sort((a, b) => a - b)
        return least.slice(0, slots).reduce((a, b) => a + b, 0)
      }
      bound = Math.max(bound, (sumOfFirst('head') + work + sumOfFirst('tail')) / slots)
    }
  }
  return bound
}
