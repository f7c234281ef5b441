import { expect, test } from 'vitest'
import type { Action } from '../../src/model/action.ts'
import { type Lab, lab, settled } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'
import { type Watching, watching } from '../fakes/watching.ts'

// What grows with the number of jobs, counted: no time is measured.

const denoise = { sources: 'mat/{batch}', targets: 'kwd/{batch}', pool: 'ram', recipe: 'd {source} {target}' }
const phy = { sources: 'kwd/{batch}', targets: 'phy/{batch}/', recipe: 's {source} {target}' }
/** Hangs on all batches: what is looked at once for each of them would be looked at n² times. */
const table = { sources: 'kwd/*', targets: 'table.tsv', recipe: 't {target} {sources}' }
const batches = 1000

interface Many {
  readonly watch: Watching
  readonly ids: string[]
  /** How often the history of a target was asked for. */
  readonly asked: () => number
}

async function many(rules: object): Promise<Many> {
  const mats = Object.fromEntries(Array.from({ length: batches }, (_, i) => [`mat/B${i}`, '']))
  const it = lab({ pools: { ram: 2, cpu: 4 }, rules }, mats)
  const { history } = it.journal
  let asked = 0
  // Before the engine gets the port.
  Object.assign(it.journal, {
    history: (target: string) => {
      asked++
      return history(target)
    },
  })
  const watch = await watching(it)
  return { watch, ids: [...watch.board().jobs.keys()], asked: () => asked }
}

test.each<Action['type'] & ('hold' | 'release' | 'first' | 'later')>(['hold', 'release', 'first', 'later'])(
  '%s of all jobs at once is one event with what changed, and is told to clients as it is',
  async (type) => {
    const { watch, ids } = await many({ denoise, phy, table })
    if (type === 'release') await watch.act({ type: 'hold', jobs: ids })
    const before = watch.events.length
    await watch.act({ type, jobs: ids })
    const changes = watch.events.slice(before)
    expect(changes.slice(0, 2).map((e) => e.type)).toEqual(['changed', 'acted'])
    expect(changes.filter((e) => e.type === 'changed')).toHaveLength(1)
    expect([...watch.board().jobs]).toEqual([...watch.engine.board().jobs])
  },
)

test('a hold and a release of all jobs look at each a few times, though one hangs on all', async () => {
  const { watch, ids, asked } = await many({ denoise, phy, table })
  const before = asked()
  await watch.act({ type: 'hold', jobs: ids })
  await watch.act({ type: 'release', jobs: ids })
  expect(asked() - before).toBeGreaterThan(2 * ids.length)
  expect(asked() - before).toBeLessThan(12 * ids.length)
})

test('the end of one job looks at those that hang on it, and at no others', async () => {
  const { watch, asked } = await many({ denoise, phy })
  // The first runs of a rule rank all jobs anew.
  for (let n = 0; n < 4; n++) await watch.end(watch.it.launcher.running()[0]!.job)
  const before = asked()
  await watch.end(watch.it.launcher.running()[0]!.job)
  expect(asked() - before).toBeLessThan(50)
})

test('a retry of thousands that failed is one event, and starts each once', async () => {
  const { watch, ids } = await many({ denoise })
  const { it } = watch
  it.launcher.script = (recipe) => recipe.end(exitWith(1))
  for (const recipe of it.launcher.running()) recipe.end(exitWith(1))
  while (it.launcher.ran.length < batches || it.launcher.running().length > 0) await settled()
  await settled()
  expect(new Set(Object.values(watch.states()))).toEqual(new Set(['failed']))
  await watch.act({ type: 'pause', pool: 'ram' })
  const before = watch.events.length
  await watch.act({ type: 'retry', jobs: ids })
  expect(watch.events.slice(before).map((e) => e.type)).toEqual(['changed', 'acted'])
  it.launcher.hold()
  await watch.act({ type: 'slots', pool: 'ram', slots: batches })
  await watch.act({ type: 'resume', pool: 'ram' })
  expect(it.launcher.running()).toHaveLength(batches)
})

test('first of whole batches: their jobs go before all others', async () => {
  const one = { pools: { ram: 1 }, rules: { denoise, phy: { ...phy, pool: 'ram' } } }
  const mats = Object.fromEntries(Array.from({ length: batches }, (_, i) => [`mat/B${i}`, '']))
  const { it, act, end } = await watching(lab(one, mats))
  await act({ type: 'first', jobs: ['phy/B901', 'denoise/B901', 'phy/B900', 'denoise/B900'] })
  for (let n = 0; n < 4; n++) await end(it.launcher.running()[0]!.job)
  expect(it.launcher.ran.slice(1).toSorted()).toEqual(['denoise/B900', 'denoise/B901', 'phy/B900', 'phy/B901'])
})

test('over many changes and batches that come and go nothing is kept that is no more', async () => {
  const it = lab({ pools: { ram: 2, cpu: 4 }, rules: { denoise: { ...denoise, retries: 1 }, phy } })
  const { changed, engine } = await watching(it)
  const works = (recipe: ReturnType<Lab['launcher']['of']>) => {
    if (recipe.job.endsWith('7') && recipe.log.endsWith('/1.log')) return recipe.end(exitWith(1))
    recipe.make()
    recipe.end()
  }
  it.launcher.script = works
  const kept = () => JSON.stringify(engine, keptSizes)
  let before = ''
  for (let n = 0; n < 200; n++) {
    if (n === 20) before = kept()
    it.disk.write(`mat/B${n}`, '')
    await changed(`B${n}`)
    if (n % 2 === 0) await engine.act({ type: 'hold', jobs: [`phy/B${n}`] }, 'ana')
    for (const folder of ['mat', 'kwd', 'phy'])
      if (it.disk.stat(`${folder}/B${n}`) !== undefined) it.disk.delete(`${folder}/B${n}`)
    await changed(`B${n}`)
  }
  it.clock.tick(3_600_000)
  await settled()
  expect(engine.board().jobs.size).toBe(0)
  expect(kept()).toBe(before)
})

/** An engine as the sizes of its maps, sets and lists; what is not its own, or grows with the past, is left out. */
function keptSizes(key: string, value: unknown): unknown {
  if (['options', 'ports', 'planned', 'listeners', 'acting', 'past', 'planning', 'shown'].includes(key))
    return undefined
  if (value instanceof Map || value instanceof Set) return value.size
  return typeof value === 'number' ? undefined : value
}
