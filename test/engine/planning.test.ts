import { describe, expect, test } from 'vitest'
import type { Outline } from '../../src/core/outline.ts'
import type { Scope } from '../../src/engine/book.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { type Lab, lab, settled } from '../fakes/lab.ts'
import { watching } from '../fakes/watching.ts'

// How often an engine that stays plans, and what.

const denoise = { sources: 'mat/{batch}', targets: 'kwd/{batch}', recipe: 'd {source} {target}' }
const table = { sources: 'kwd/*', targets: 'table.tsv', recipe: 't {target} {sources}' }
const mats = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`mat/B${i + 1}`, '']))

/**
 * What is planned from now on: `all` for everything, in one piece or batch by batch, or the batches that are planned by
 * themselves. A plan of everything takes as long as told.
 */
function plans(it: Lab, times: { readonly allMs: number }): string[] {
  const scopes: string[] = []
  const { plan, outline } = it
  let toCome: ReadonlySet<string> = new Set()
  it.outline = () => {
    const found = outline()
    if (found === undefined) return undefined
    scopes.push('all')
    it.clock.tick(times.allMs)
    const { value } = Array.from({ length: 100 }, () => found.next()).find(({ done }) => done)!
    toCome = new Set(value!.names)
    return steps(value!)
  }
  it.plan = (scope: Scope = 'all') => {
    const planned = plan(scope)
    if (planned.scope === 'all') {
      scopes.push('all')
      it.clock.tick(times.allMs)
      return planned
    }
    const names = [...planned.scope]
    if (names.some((name) => !toCome.has(name))) scopes.push(names.join())
    toCome = new Set([...toCome].filter((name) => !names.includes(name)))
    return planned
  }
  return scopes
}

function* steps(outline: Outline): Generator<undefined, Outline, undefined> {
  yield
  return outline
}

test('a plan of everything waits until the time for it is saved', async () => {
  const it = lab({ rules: { denoise } }, mats(1))
  const scopes = plans(it, { allMs: 12_000 })
  const { changed } = await watching(it)
  await changed()
  expect(scopes).toEqual(['all', 'all'])
  await changed()
  it.clock.tick(19_999)
  await changed()
  expect(scopes).toEqual(['all', 'all'])
  it.clock.tick(1)
  await settled()
  expect(scopes).toEqual(['all', 'all', 'all'])
})

test('a batch that changed meanwhile is planned at once, by itself', async () => {
  const it = lab({ rules: { denoise } }, mats(2))
  const scopes = plans(it, { allMs: 12_000 })
  const { changed } = await watching(it)
  await changed()
  await changed()
  await changed('B2')
  expect(scopes).toEqual(['all', 'all', 'B2'])
  it.clock.tick(60_000)
  await settled()
  expect(scopes).toEqual(['all', 'all', 'B2', 'all'])
})

test('of many batches that changed at once, so many are planned in a turn as it has time for, and each once', async () => {
  const it = lab({ rules: { denoise } }, mats(100))
  const { changed } = await watching(it)
  const slices: string[][] = []
  const { plan } = it
  it.plan = (scope: Scope = 'all') => {
    const planned = plan(scope)
    slices.push([...planned.scope])
    it.clock.tick(5)
    return planned
  }
  const names = Array.from({ length: 100 }, (_, i) => `B${i + 1}`)
  await changed(...names)
  while (slices.flat().length < 100) await settled()
  await settled()
  // Twice as many the second time, with which the turn is over.
  expect(slices.map(({ length }) => length)).toEqual([16, 32, 16, 32, 4])
  expect(slices.flat()).toEqual(names)
})

test('where a rule gathers over batches, all is planned for a change, but in no more than a tenth of the time', async () => {
  const it = lab({ pools: { cpu: 1 }, rules: { denoise, table } }, mats(20))
  const scopes = plans(it, { allMs: 3000 })
  const { end, changed } = await watching(it)
  const startMs = it.clock.now()
  for (let n = 0; n < 20; n++) {
    await end(it.launcher.running()[0]!.job)
    await changed('B1')
  }
  // The first one is no change; ten seconds had been saved, and one more may be under way.
  expect(3000 * (scopes.length - 2)).toBeLessThanOrEqual(10_000 + (it.clock.now() - startMs) / 10)
  it.clock.tick(60_000)
  await settled()
  expect(it.launcher.running().map((r) => r.job)).toEqual(['table'])
})

test('jobs go on while a plan waits for its time, and it is not called idle', async () => {
  const it = lab({ pools: { cpu: 1 }, rules: { denoise, table } }, mats(2))
  plans(it, { allMs: 12_000 })
  const { end, events } = await watching(it)
  await end('denoise/B1')
  // A plan that takes so long lets others have the turn before it goes on.
  await settled()
  await end('denoise/B2')
  await settled()
  await end('table')
  expect(it.launcher.running()).toEqual([])
  expect(events.filter((e) => e.type === 'idle')).toEqual([])
  it.clock.tick(60_000)
  await settled()
  await settled()
  expect(events.filter((e) => e.type === 'idle')).toHaveLength(1)
})

describe('files may be taken for what they were', () => {
  /** The batches of each plan from now on of which that is said. */
  function untouched(it: Lab): string[] {
    const said: string[] = []
    const { plan } = it
    it.plan = (scope: Scope = 'all', names: ReadonlySet<string> = new Set()) => {
      said.push([...names].join())
      return plan(scope)
    }
    return said
  }
  const rows = (...names: readonly string[]) => [new Set(names), 'rows'] as const

  test('of batches of which rows alone have changed', async () => {
    const it = lab({ rules: { denoise } }, mats(3))
    const { engine } = await watching(it)
    const said = untouched(it)
    it.clock.tick(60_000)
    engine.changed(...rows('B3'))
    await settled()
    expect(said).toEqual([''])
    expect(it.launcher.running().map(({ job }) => job)).toContain('denoise/B3')
  })

  test.each<[string, (engine: Engine) => void, string]>([
    ['rows, and then files', (engine) => [engine.changed(...rows('B8')), engine.changed(new Set(['B8']))], ''],
    ['files, and then rows', (engine) => [engine.changed(new Set(['B8'])), engine.changed(...rows('B8'))], ''],
    ['files of another batch', (engine) => [engine.changed(new Set(['B9'])), engine.changed(...rows('B8'))], 'B8'],
    ['everything', (engine) => [engine.changed('all'), engine.changed(...rows('B8'))], 'B8,'],
  ])('not where files have changed too: %s', async (_, change, expected) => {
    const it = lab({ rules: { denoise } }, mats(1))
    const { engine } = await watching(it)
    const said = untouched(it)
    change(engine)
    await settled()
    expect([...new Set(said)].join()).toBe(expected)
    said.length = 0
    engine.changed(new Set(['B8']))
    await settled()
    expect(said).toEqual([''])
  })
})

test('others have the turn between a plan that takes a while and the start of what it calls for', async () => {
  const it = lab({ rules: { denoise } }, mats(1))
  const { plan } = it
  it.plan = (scope) => {
    it.clock.tick(5)
    return plan(scope)
  }
  it.launcher.hold()
  const seen: number[] = []
  const { turn } = it.clock
  it.clock.turn = () => {
    seen.push(it.launcher.running().length)
    return turn()
  }
  it.start({ mode: 'watch' })
  while (it.launcher.running().length === 0) await settled()
  expect(seen).toContain(0)
})

test('nothing is planned while nothing changes', async () => {
  const it = lab({ rules: { denoise } }, mats(1))
  const scopes = plans(it, { allMs: 0 })
  const { act } = await watching(it)
  await act({ type: 'hold', jobs: ['denoise/B1'] })
  await act({ type: 'pause', pool: 'cpu' })
  it.clock.tick(3_600_000)
  await settled()
  expect(scopes).toEqual(['all'])
  expect(it.clock.waits()).toEqual([])
})

test('the end of a job plans its batch, and no other', async () => {
  const it = lab({ rules: { denoise } }, mats(2))
  const scopes = plans(it, { allMs: 0 })
  const { end } = await watching(it)
  await end('denoise/B2')
  expect(scopes).toEqual(['all', 'B2'])
})

test('faults and orphans of other batches stay on the board when one batch is planned', async () => {
  const it = lab({ rules: { denoise } }, { ...mats(2), 'kwd/B8': 'k', 'kwd/B9': 'k', 'mat/b2': '' })
  const { changed, board } = await watching(it)
  const before = { orphans: board().orphans, faults: board().faults }
  expect(before.orphans.map((o) => o.target)).toEqual(['kwd/B8', 'kwd/B9'])
  expect(before.faults).toHaveLength(1)
  it.disk.write('mat/B1', 'longer')
  it.disk.delete('kwd/B9')
  await changed('B1', 'B9')
  expect(board().orphans.map((o) => o.target)).toEqual(['kwd/B8'])
  expect(board().faults).toEqual(before.faults)
})
