import { describe, expect, test } from 'vitest'
import type { Entry } from '../../src/engine/entry.ts'
import { Ranks, type RanksOptions } from '../../src/engine/ranks.ts'
import type { BoardJob } from '../../src/model/board.ts'
import { type Lab, lab, settled } from '../fakes/lab.ts'
import { type Watching, watching } from '../fakes/watching.ts'

const denoise = { sources: 'mat/{batch}/', targets: 'kwd/{batch}', pool: 'ram', recipe: 'd {source} {target}' }
const phy = { sources: 'kwd/{batch}', targets: 'phy/{batch}', pool: 'cpu', recipe: 's {source} {target}' }
const single = { pools: { ram: 1 }, rules: { denoise } }

/** Ends the first recipe that runs, after so many seconds, with a target of so many bytes. */
async function endFirst({ launcher, clock, disk }: Lab, seconds: number, bytes = 1): Promise<string> {
  const recipe = launcher.running()[0]!
  clock.tick(seconds * 1000)
  for (const { staged } of recipe.targets) disk.write(staged, 'x'.repeat(bytes))
  recipe.end()
  await settled()
  return recipe.job
}

const jobOf = ({ board }: Watching, id: string): BoardJob => board().jobs.get(id)!

describe('an expected duration', () => {
  test('goes by the bytes of a whole source folder', async () => {
    const it = lab(single, { 'mat/B1/a': 'x'.repeat(10), 'mat/B2/a': 'x'.repeat(20), 'mat/B3/a': 'x'.repeat(30) })
    const watch = await watching(it)
    for (const seconds of [100, 200, 300]) await endFirst(it, seconds)
    it.disk.write('mat/B4/a', 'x'.repeat(30))
    it.disk.write('mat/B4/b', 'x'.repeat(10))
    await watch.changed('B4')
    expect(jobOf(watch, 'denoise/B4').estimate?.seconds).toBe(400)
  })

  test('goes by what is expected of a source that is yet to be made', async () => {
    const mats = { 'mat/B1/a': 'x'.repeat(10), 'mat/B2/a': 'x'.repeat(20), 'mat/B3/a': 'x'.repeat(30) }
    // One at a time: a clock that ticks for one of them ticks for all.
    const it = lab({ ...single, rules: { denoise, phy: { ...phy, pool: 'ram' } } }, mats)
    const watch = await watching(it)
    // Targets are half as large as their sources, and phy takes 10 s a byte.
    while (it.launcher.running().length > 0) {
      const [rule, batch] = it.launcher.running()[0]!.job.split('/') as [string, keyof typeof mats]
      const bytes = 10 * Number(batch[1])
      await endFirst(it, rule === 'phy' ? 5 * bytes : bytes, bytes / 2)
    }
    it.disk.write('mat/B4/a', 'x'.repeat(40))
    await watch.changed('B4')
    expect(jobOf(watch, 'phy/B4').estimate?.seconds).toBe(200)
  })

  test('of a job that was made before is what it took then', async () => {
    const it = lab(single, { 'mat/B1/a': 'x', 'mat/B2/a': 'x', 'mat/B3/a': 'x' })
    const watch = await watching(it)
    for (const seconds of [10, 20, 70]) await endFirst(it, seconds)
    it.disk.write('mat/B3/a', 'y')
    await watch.changed('B3')
    expect(jobOf(watch, 'denoise/B3').estimate).toMatchObject({ seconds: 70, runs: 3 })
  })
})

test('what took short the last time is done first where one runs at a time', async () => {
  const names = ['B1', 'B2', 'B3', 'B4']
  const it = lab(single, Object.fromEntries(names.map((name) => [`mat/${name}/a`, 'x'])))
  const watch = await watching(it)
  const took = new Map<string, number>()
  for (const seconds of [400, 100, 300, 200]) took.set(await endFirst(it, seconds), seconds)
  const byTime = [...took].sort(([, a], [, b]) => a - b).map(([job]) => job)
  await watch.act({ type: 'pause', pool: 'ram' })
  for (const name of names) it.disk.write(`mat/${name}/a`, 'y')
  await watch.changed(...names)
  await watch.act({ type: 'resume', pool: 'ram' })
  const again: string[] = []
  while (it.launcher.running().length > 0) again.push(await endFirst(it, 1))
  expect(again).toEqual(byTime)
})

test('a long job is not put off for ever by short ones that come one after the other', async () => {
  const it = lab(single, { 'mat/B1/a': 'x', 'mat/B2/a': 'x', 'mat/B3/a': 'x'.repeat(50) })
  const watch = await watching(it)
  for (const seconds of [1, 1, 50]) await endFirst(it, seconds)
  it.disk.write('mat/long/a', 'x'.repeat(100))
  it.disk.write('mat/s/a', 'x')
  await watch.act({ type: 'pause', pool: 'ram' })
  await watch.changed('long', 's')
  await watch.act({ type: 'resume', pool: 'ram' })
  const made: string[] = []
  for (let n = 0; n < 500 && !made.includes('denoise/long'); n++) {
    // One more comes before each ends.
    it.disk.write(`mat/s${n}/a`, 'x')
    await watch.changed(`s${n}`)
    made.push(await endFirst(it, 1))
  }
  expect(made.at(-1)).toBe('denoise/long')
  expect(made.length).toBeGreaterThan(100)
  expect(made.length).toBeLessThan(220)
})

test('where nothing is known of durations, a batch that was begun goes before the others', async () => {
  const one = { pools: { ram: 1 }, rules: { denoise, phy: { ...phy, pool: 'ram' } } }
  const it = lab(one, { 'mat/B1/a': 'x', 'mat/B2/a': 'x', 'kwd/B2': 'k' })
  await watching(it)
  expect(it.launcher.running().map(({ job }) => job)).toEqual(['phy/B2'])
})

test('clients hear of another order by one event, with what changed alone', async () => {
  const it = lab(single, { 'mat/B1/a': 'x', 'mat/B2/a': 'x', 'mat/B3/a': 'x'.repeat(5), 'mat/B4/a': 'x'.repeat(3) })
  const { events, board, engine } = await watching(it)
  const before = events.length
  await endFirst(it, 10)
  const changed = events.slice(before).flatMap((event) => (event.type === 'changed' ? [event.jobs] : []))
  const reordered = changed.filter((jobs) => jobs.some(({ rank }) => rank !== undefined))
  expect(reordered).toHaveLength(1)
  expect(reordered[0]!.every(({ rank, status }) => rank !== undefined && status.state === 'queued')).toBe(true)
  expect([...board().jobs]).toEqual([...engine.board().jobs])
})

test('looking for a better order takes a small part of the time, however often jobs end', async () => {
  const it = lab(single, Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`mat/B${i}/a`, 'x'.repeat(i + 1)])))
  const watch = await watching(it)
  for (const seconds of [3, 1, 2]) await endFirst(it, seconds)
  const orders = () => watch.events.filter((e) => e.type === 'changed' && e.jobs.some(({ rank }) => rank !== undefined))
  // A busy machine: each order takes a second to be told.
  watch.engine.subscribe((event) => {
    if (event.type === 'changed') it.clock.tick(1000)
  })
  const say = (n: number) => watch.act({ type: 'first', jobs: [`denoise/B${n}`] })
  const before = orders().length
  for (let n = 5; n < 10; n++) await say(n)
  const told = orders().length - before
  // Five by what was said, and the first of them with all that moved.
  expect(told).toBeLessThanOrEqual(6)
})

test('a clock that was set back does not stop it', async () => {
  const it = lab(single, { 'mat/B1/a': 'x', 'mat/B2/a': 'x' })
  const watch = await watching(it)
  await endFirst(it, 1)
  it.clock.set(-86_400_000)
  it.disk.write('mat/B3/a', 'x')
  await watch.changed('B3')
  expect(jobOf(watch, 'denoise/B3').rank.order).toBeGreaterThan(0)
})

describe('the order of thousands', () => {
  /** 2,200 jobs that are queued, of two steps; `turnMs`: what passes between two looks at the clock. */
  function ranking({ turnMs }: { readonly turnMs: number }) {
    const cpu = new Map([['cpu', 1]])
    const entries = Array.from({ length: 1100 }, (_, i) =>
      ['kwd', 'phy'].map((rule) => {
        const prerequisites = rule === 'phy' ? [`kwd/B${i}`] : []
        const job = { prerequisites, rule: { name: rule } }
        const rank = { say: 0, priority: 0, order: 0 }
        const state = { status: 'queued', tries: { retries: 0, reruns: 0 } }
        const expectedSeconds = rule === 'kwd' ? 1 + (i % 7) : 1 + (i % 5)
        return { id: `${rule}/B${i}`, batch: `B${i}`, job, pools: cpu, rank, state, expectedSeconds }
      }),
    ).flat() as unknown as Entry[]
    let steadyMs = 0
    const past = { seconds: 2, sourceBytes: 0, targetBytes: 0 }
    const options = {
      pools: { limits: () => new Map([['cpu', 2]]) },
      ports: {
        journal: { durations: () => new Map([['kwd', [past]]]) },
        clock: {
          now: () => 0,
          steadyMs() {
            steadyMs += turnMs
            return steadyMs
          },
        },
      },
      board: () => ({ jobs: new Map() }),
    } as unknown as RanksOptions
    const ranks = new Ranks(options)
    ranks.learn({ always: true })
    return { entries, ranks }
  }
  const ordersOf = (entries: readonly Entry[]) => entries.map(({ rank }) => rank.order)

  test('is found in many turns as in one, and what ended meanwhile keeps its place', () => {
    const atOnce = ranking({ turnMs: 0 })
    atOnce.ranks.arrange(atOnce.entries)
    expect(atOnce.ranks.isUnderWay).toBe(false)
    const { ranks, entries } = ranking({ turnMs: 10 })
    expect(ranks.arrange(entries)).toEqual([])
    expect(ranks.isUnderWay).toBe(true)
    const [ended, running, ...others] = entries as [Entry, Entry, ...Entry[]]
    ended.state = { status: 'ended', outcome: 'cancelled' }
    running.state = { status: 'running', tries: { retries: 0, reruns: 0 } }
    let moved: readonly Entry[] = []
    while (ranks.isUnderWay) moved = ranks.arrange(entries)
    expect(ordersOf(others)).toEqual(ordersOf(atOnce.entries.slice(2)))
    expect([ended, running].map((entry) => [entry.rank.order, moved.includes(entry)])).toEqual([
      [0, false],
      [0, false],
    ])
    expect(moved).toHaveLength(others.length)
  })

  test('is not looked for again before fifty times as long is over', () => {
    const { ranks, entries } = ranking({ turnMs: 10 })
    do ranks.arrange(entries)
    while (ranks.isUnderWay)
    ranks.told()
    ranks.outdate()
    let rested = 0
    for (; !ranks.isUnderWay; rested++) ranks.arrange(entries)
    expect(rested).toBeGreaterThan(50)
  })
})
