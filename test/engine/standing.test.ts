import { expect, test } from 'vitest'
import { lab, settled } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'
import { watching } from '../fakes/watching.ts'

// What an engine that stays says of goals to somebody who says labmake.

const denoise = { sources: 'mat/{batch}', targets: 'kwd/{batch}', recipe: 'd {source} {target}' }
const phy = { sources: 'kwd/{batch}', targets: 'phy/{batch}/', recipe: 's {source} {target}' }
const mats = { 'mat/B1': '', 'mat/B2': '' }

/** An engine whose jobs are all done. */
async function allMade(files: Readonly<Record<string, string>> = mats) {
  const watch = await watching(lab({ pools: { cpu: 4 }, rules: { denoise, phy } }, files))
  for (let running = watch.it.launcher.running(); running.length > 0; running = watch.it.launcher.running())
    for (const { job } of running) await watch.end(job)
  watch.it.hearsAll = true
  return watch
}

test('where nothing is to be made it says how everything stands, and why nothing is made', async () => {
  const { engine } = await allMade()
  expect(await engine.standing([])).toMatchObject({
    rest: 'Nothing of this is to be made now.',
    standing: { upToDate: 4, stale: 0, isEmpty: false },
  })
})

test('of goals it counts what they need, too', async () => {
  const { engine } = await allMade()
  expect(await engine.standing(['phy/B2'])).toMatchObject({ standing: { upToDate: 2 } })
})

test('a goal that nothing matches is refused', async () => {
  const { engine } = await allMade()
  await expect(engine.standing(['B9'])).rejects.toMatchObject({
    message: expect.stringContaining('nothing is called "B9"'),
  })
})

test('where something is on its way, nothing rests', async () => {
  const { engine, it, changed } = await allMade()
  it.disk.write('mat/B1', 'longer')
  await changed('B1')
  expect(await engine.standing([])).toMatchObject({ rest: undefined, standing: { stale: 2 } })
  expect(await engine.standing(['B2'])).toMatchObject({ rest: 'Nothing of this is to be made now.' })
})

test('what failed would be tried again, so it does not rest', async () => {
  const { engine, it, changed, end } = await allMade()
  it.disk.write('mat/B1', 'longer')
  await changed('B1')
  await end('denoise/B1', exitWith(1))
  expect((await engine.standing([])).rest).toBeUndefined()
})

test('what nobody has told of is looked at where the system may not tell of everything', async () => {
  const { engine, it } = await allMade()
  it.disk.write('mat/B3', '')
  expect(await engine.standing([])).toMatchObject({ standing: { upToDate: 4, stale: 0 } })
  it.hearsAll = false
  expect(await engine.standing([])).toMatchObject({ standing: { upToDate: 4, stale: 2 } })
})

test('a fault that went with a change is not told any more, though only that batch was planned', async () => {
  const { engine, it, changed } = await allMade({ ...mats, 'mat/b2': '' })
  expect((await engine.standing([])).standing.faults).toHaveLength(1)
  it.disk.delete('mat/b2')
  await changed('b2')
  expect((await engine.standing([])).standing.faults).toEqual([])
})

test('edited and stale targets are named in the order of a plan', async () => {
  const files = { 'mat/B10': '', 'mat/B9': '', 'mat/B1': '' }
  const { engine, it, changed } = await allMade(files)
  for (const name of ['B10', 'B1', 'B9']) {
    it.disk.write(`phy/${name}/made`, 'by hand')
    it.disk.write(`kwd/${name}`, 'changed')
    await changed(name)
  }
  const { standing } = await engine.standing([])
  const inPlan = it.plan().plan.jobs.filter(({ verdict }) => verdict.state === 'protected')
  expect(standing.protected).toEqual(inPlan.map(({ job }) => job.id))
  expect(standing.protected.length).toBeGreaterThan(2)
})

test('who asks while the first plan is made is answered once it is', async () => {
  const it = lab({ rules: { denoise } }, mats)
  it.launcher.hold()
  const { engine } = it.start({ mode: 'watch' })
  const asked = engine.standing([])
  await settled()
  expect(await asked).toMatchObject({ standing: { stale: 2 }, rest: undefined })
})
