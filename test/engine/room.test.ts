import { describe, expect, test } from 'vitest'
import type { EngineEvent } from '../../src/model/event.ts'
import { type Lab, lab, settled } from '../fakes/lab.ts'
import { type Watching, watching } from '../fakes/watching.ts'

// A disk without room for what labmake itself writes: nothing fails for it, and nothing is lost.

const denoise = { sources: 'mat/{batch}', targets: 'kwd/{batch}', recipe: 'd {source} {target}' }
const content = (cpu: number) => ({ pools: { cpu }, rules: { denoise } })

const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`mat/B${i}`, 'm']))
const one = { 'mat/B1': 'm' }

const troubles = (events: readonly EngineEvent[]) =>
  events.flatMap((event) => (event.type === 'trouble' ? [event.message] : []))
const count = (events: readonly EngineEvent[], type: EngineEvent['type']) =>
  events.filter((event) => event.type === type).length

/** Half a minute passes. */
async function pass({ it }: Watching): Promise<void> {
  it.clock.tick(30_000)
  await settled()
}

describe('a disk that is full while jobs are queued', () => {
  test('is said once, and no job fails; once there is room all are made', async () => {
    const it = lab(content(4), many)
    it.acts.failAt(0, 'full')
    const watch = await watching(it)
    for (let i = 0; i < 100; i++) await pass(watch)
    expect(troubles(watch.events)).toHaveLength(1)
    expect(troubles(watch.events)[0]).toMatch(/no space left on the disk\. Nothing is started until there is room$/)
    expect(count(watch.events, 'failed')).toBe(0)
    expect(new Set(Object.values(watch.states()))).toEqual(new Set(['queued']))
    it.acts.mend()
    it.launcher.script = (recipe) => {
      recipe.make()
      recipe.end()
    }
    await pass(watch)
    for (let i = 0; i < 60; i++) await settled()
    expect(new Set(Object.values(watch.states()))).toEqual(new Set(['done']))
    expect([it.launcher.ran.length, new Set(it.launcher.ran).size]).toEqual([50, 50])
    expect(troubles(watch.events).slice(1)).toEqual(['there is room on the disk again: work goes on'])
  })

  test('is looked at with one job each half minute, however many are queued', async () => {
    const it = lab(content(4), many)
    it.acts.failAt(0, 'full')
    const watch = await watching(it)
    const before = it.acts.count
    await watch.changed()
    expect(it.acts.count).toBe(before)
    await pass(watch)
    const once = it.acts.count - before
    await pass(watch)
    await pass(watch)
    expect(it.acts.count - before).toBe(3 * once)
    expect(once).toBeLessThan(5)
  })

  test('is looked at once more when a person asks for a retry', async () => {
    const it = lab(content(4), one)
    it.acts.failAt(0, 'full')
    const watch = await watching(it)
    it.acts.mend()
    await watch.act({ type: 'retry', jobs: ['denoise/B1'] })
    expect(watch.states()).toEqual({ 'denoise/B1': 'running' })
  })

  test('keeps nothing from being tried that turns out to need no start', async () => {
    const it = lab(content(1), { 'mat/B1': 'm', 'mat/B2': 'm' })
    it.acts.failAt(0, 'full')
    const watch = await watching(it)
    it.acts.mend()
    it.disk.delete('mat/B1')
    await pass(watch)
    expect(it.launcher.ran).toEqual(['denoise/B2'])
  })

  test('ends a build in which nothing runs, and the next one makes all', async () => {
    const it = lab(content(4), many)
    it.acts.failAt(0, 'full')
    const { outcomes, events } = it.start()
    expect(new Set((await outcomes).values())).toEqual(new Set(['not-started']))
    expect([count(events, 'failed'), troubles(events).length]).toEqual([0, 1])
    it.acts.mend()
    expect(await it.build()).toHaveLength(50)
    expect(it.stale()).toEqual([])
  })
})

describe('a recipe that ends while there is no room to record what it made', () => {
  /** What the recipe made is on the disk already, and nothing more fits from then on. */
  function fill(it: Lab): void {
    it.acts.mend()
    it.acts.before('write attempt', () => it.acts.failAt(it.acts.count, 'full'))
  }

  /** It ran for hours, and the disk filled meanwhile. */
  async function ended() {
    const it = lab(content(4), one)
    const watch = await watching(it)
    fill(it)
    await watch.end('denoise/B1')
    return { it, watch }
  }

  test('is kept whole, and made once there is room, without running again', async () => {
    const { it, watch } = await ended()
    expect(count(watch.events, 'failed')).toBe(0)
    expect(it.disk.read('kwd/B1')).toBeUndefined()
    fill(it)
    await pass(watch)
    expect(troubles(watch.events)).toHaveLength(1)
    it.acts.mend()
    await pass(watch)
    expect(watch.states()).toEqual({ 'denoise/B1': 'done' })
    expect([it.launcher.ran.length, it.journal.records.filter((r) => r.type === 'made').length]).toEqual([1, 1])
    expect(it.attempts.left()).toEqual([])
  })

  test('is left to the next labmake by one that is told to leave, which does not wait for room', async () => {
    const { it, watch } = await ended()
    watch.engine.leave()
    await watch.outcomes
    fill(it)
    const { running } = await it.recover()
    expect(running.map(({ state }) => state.job)).toEqual(['denoise/B1'])
    fill(it)
    const next = it.start({ mode: 'watch', adopted: running })
    await settled()
    expect(it.disk.read('kwd/B1')).toBeUndefined()
    it.acts.mend()
    it.clock.tick(30_000)
    await settled()
    expect(next.engine.board().jobs.get('denoise/B1')!.status.state).toBe('done')
    expect(it.launcher.ran).toEqual(['denoise/B1'])
  })

  test('does not keep a stopped labmake either, nor a build that has nothing else to do', async () => {
    for (const mode of ['watch', 'build'] as const) {
      const it = lab(content(4), one)
      it.launcher.hold()
      const { engine, outcomes } = it.start({ mode })
      await settled()
      it.acts.before('write attempt', () => it.acts.failAt(it.acts.count, 'full'))
      it.launcher.of('denoise/B1').make()
      it.launcher.of('denoise/B1').end()
      await settled()
      if (mode === 'watch') engine.stop({ now: false })
      expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B1': 'not-started' })
      it.acts.mend()
      expect((await it.recover()).settled).toMatchObject([{ job: 'denoise/B1', end: { status: 'made' } }])
      expect(it.stale()).toEqual([])
    }
  })

  test('is not taken for whole where what it made did not fit itself', async () => {
    const it = lab(content(4), one)
    const watch = await watching(it)
    it.acts.before('flush', () => it.acts.failAt(it.acts.count, 'full'))
    await watch.end('denoise/B1')
    expect(watch.status('denoise/B1')).toMatchObject({ state: 'failed', cause: { kind: 'disk', action: 'flush' } })
  })
})
