/**
 * Jobs to come, by their number. Arrays, since an order is found by playing them to their end some hundred times.
 * Prerequisites go in no circle: plans refuse that.
 */
export interface Queue {
  /** Expected; of one that runs, what is left. */
  readonly seconds: Float64Array
  readonly prerequisites: readonly (readonly number[])[]
  /** Those that wait for it. */
  readonly behind: readonly (readonly number[])[]
  /** Jobs that need the same slots are of one kind: if the first of them does not fit, none does. */
  readonly kind: Int32Array
  /** By kind: slots of pools, by their number. */
  readonly needs: readonly (readonly (readonly [pool: number, slots: number])[])[]
  /** By pool. No job needs more than there are. */
  readonly slots: readonly number[]
  readonly isRunning: Uint8Array
}

/** The queue as it would run from its end to its beginning. */
export function mirrored(queue: Queue): Queue {
  const { prerequisites: behind, behind: prerequisites } = queue
  return { ...queue, prerequisites, behind, isRunning: new Uint8Array(queue.kind.length) }
}

/**
 * Plays the queue to its end: whatever is ready and first in order starts as soon as all its slots are free. Returns
 * when each job starts, in seconds from now.
 */
export function play(queue: Queue, order: Int32Array): Float64Array {
  const { seconds, behind, kind, needs, isRunning } = queue
  const n = order.length
  const rank = new Float64Array(n)
  for (let k = 0; k < n; k++) rank[order[k]!] = k
  const free = [...queue.slots]
  const starts = new Float64Array(n)
  const ends = new Float64Array(n)
  const waitsFor = new Int32Array(n)
  const ready: number[][] = needs.map(() => [])
  const running: number[] = []
  const start = (job: number, atSeconds: number) => {
    for (const [pool, slots] of needs[kind[job]!]!) free[pool]! -= slots
    starts[job] = atSeconds
    ends[job] = atSeconds + seconds[job]!
    push(running, job, ends)
  }
  for (let job = 0; job < n; job++) {
    // What runs waits for nothing any more, even if what it was made from is to be made once more.
    waitsFor[job] = isRunning[job] === 1 ? -1 : queue.prerequisites[job]!.length
    if (isRunning[job] === 1) start(job, 0)
    else if (waitsFor[job] === 0) push(ready[kind[job]!]!, job, rank)
  }
  for (let atSeconds = 0; ; ) {
    for (;;) {
      let first = -1
      for (let k = 0; k < ready.length; k++) {
        const job = ready[k]![0]
        if (job === undefined || (first >= 0 && rank[first]! < rank[job]!)) continue
        if (needs[k]!.every(([pool, slots]) => free[pool]! >= slots)) first = job
      }
      if (first < 0) break
      pop(ready[kind[first]!]!, rank)
      start(first, atSeconds)
    }
    if (running.length === 0) return starts
    atSeconds = ends[running[0]!]!
    // All that end at this moment: what starts then may take the slots of any.
    while (running.length > 0 && ends[running[0]!] === atSeconds) {
      const job = pop(running, ends)
      for (const [pool, slots] of needs[kind[job]!]!) free[pool]! += slots
      for (const next of behind[job]!) if (--waitsFor[next]! === 0) push(ready[kind[next]!]!, next, rank)
    }
  }
}

/** A binary heap of jobs in an array, the one with the least key first. */
function push(heap: number[], job: number, key: Float64Array): void {
  let at = heap.push(job) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (key[heap[parent]!]! <= key[job]!) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = job
}

/** Of a heap that is not empty. */
function pop(heap: number[], key: Float64Array): number {
  const least = heap[0]!
  const job = heap.pop()!
  if (heap.length === 0) return least
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && key[heap[child + 1]!]! < key[heap[child]!]!) child++
    if (key[job]! <= key[heap[child]!]!) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = job
  return least
}
