import { describe, expect, test } from 'vitest'
import type { StartedAttempt } from '../../src/engine/attempt.ts'
import { type Lab, lab, settled } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'

const rules = {
  pools: { ram: 1 },
  rules: {
    denoise: { sources: 'data/{batch}.mat', targets: 'kwd/{batch}.kwd', pool: 'ram', recipe: 'd {source} {target}' },
    phy: { sources: 'kwd/{batch}.kwd', targets: 'phy/{batch}/', recipe: 's {source} {target}' },
  },
}
const mats = { 'data/B1.mat': 'm', 'data/B2.mat': 'm' }

/** An earlier labmake started denoise/B1 and was killed; its recipe runs on. */
async function left(): Promise<Lab> {
  const it = lab(rules, mats)
  it.launcher.hold()
  const dead = it.start({ goals: ['denoise/B1'] })
  await settled()
  it.dies()
  void dead.outcomes.catch(() => undefined)
  return it
}

async function adopt(it: Lab): Promise<readonly StartedAttempt[]> {
  const { running } = await it.recover()
  return running
}

test('a recipe that runs on is taken over, not started again, and counted in the journal once', async () => {
  const it = await left()
  const { outcomes, events } = it.start({ adopted: await adopt(it), goals: ['denoise/B1'] })
  await settled()
  expect(events[1]).toMatchObject({ type: 'adopted', job: 'denoise/B1', attempt: 1 })
  it.launcher.of('denoise/B1').make()
  it.launcher.of('denoise/B1').end()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B1': 'done' })
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  expect(it.journal.records.map((r) => r.type)).toEqual(['started', 'made'])
  expect(it.stale()).toEqual(['phy/B1', 'denoise/B2', 'phy/B2'])
})

test('a recipe that was taken over holds its slots until it ends', async () => {
  const it = await left()
  const { outcomes } = it.start({ adopted: await adopt(it), goals: ['denoise'] })
  await settled()
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  it.launcher.of('denoise/B1').make()
  it.launcher.of('denoise/B1').end()
  await settled()
  expect(it.launcher.ran).toEqual(['denoise/B1', 'denoise/B2'])
  it.launcher.of('denoise/B2').make()
  it.launcher.of('denoise/B2').end()
  await outcomes
})

test('what was asked for waits for the slots of a recipe that nobody asked for here', async () => {
  const it = await left()
  const { outcomes } = it.start({ adopted: await adopt(it), goals: ['denoise/B2'] })
  await settled()
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  it.launcher.of('denoise/B1').make()
  it.launcher.of('denoise/B1').end()
  await settled()
  it.launcher.of('denoise/B2').make()
  it.launcher.of('denoise/B2').end()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B2': 'done' })
})

test('a build does not wait for a recipe that nobody asked for and whose slots nobody needs', async () => {
  const it = lab(rules, { ...mats, 'kwd/B2.kwd': 'k' })
  it.launcher.hold()
  void it.start({ goals: ['denoise/B1'] }).outcomes.catch(() => undefined)
  await settled()
  it.dies()
  const { outcomes } = it.start({ adopted: await adopt(it), goals: ['phy/B2'] })
  await settled()
  it.launcher.of('phy/B2').make()
  it.launcher.of('phy/B2').end()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'phy/B2': 'done' })
  expect(it.launcher.running().map((r) => r.job)).toEqual(['denoise/B1'])
})

test('a recipe that was taken over and fails is retried as the rule says', async () => {
  const it = await left()
  it.edit({ ...rules, rules: { ...rules.rules, denoise: { ...rules.rules.denoise, retries: 1, backoff: '1s' } } })
  const { outcomes } = it.start({ adopted: await adopt(it), goals: ['denoise/B1'] })
  await settled()
  it.launcher.of('denoise/B1').end(exitWith(1))
  await settled()
  it.clock.tick(5000)
  await settled()
  it.launcher.of('denoise/B1').make()
  it.launcher.of('denoise/B1').end()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B1': 'done' })
})

test('a stop ends recipes that were taken over too', async () => {
  const it = await left()
  const { outcomes, stop } = it.start({ adopted: await adopt(it), goals: ['denoise/B1'] })
  await settled()
  stop()
  expect(it.launcher.of('denoise/B1').cancelled).toEqual([{ now: false }])
  it.launcher.of('denoise/B1').end({ status: 'cancelled' })
  expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B1': 'cancelled' })
})

test('a recipe that ended while no labmake was there is recorded, and not run again', async () => {
  const it = await left()
  it.launcher.of('denoise/B1').make()
  it.launcher.of('denoise/B1').end()
  const { settled: ended, running } = await it.recover()
  expect(running).toEqual([])
  expect(ended).toMatchObject([{ job: 'denoise/B1', end: { status: 'made' } }])
  expect(it.disk.read('kwd/B1.kwd')).toBe('made by denoise/B1')
  expect(it.stale()).toEqual(['phy/B1', 'denoise/B2', 'phy/B2'])
})

test('a recipe that was lost with the machine has failed, and nothing of it is accepted', async () => {
  const it = await left()
  it.launcher.of('denoise/B1').make('half')
  it.launcher.of('denoise/B1').end({ status: 'failed', cause: { kind: 'lost' } })
  await it.recover()
  expect(it.disk.read('kwd/B1.kwd')).toBeUndefined()
  expect(it.verdict('denoise/B1')).toBe(
    'stale: the last attempt failed: it was lost when labmake or the machine stopped',
  )
})

test('a recovery with nothing left does nothing', async () => {
  const it = lab(rules, mats)
  expect(await it.recover()).toEqual({ running: [], settled: [], troubles: [] })
  expect(it.acts.done).toEqual([])
})

describe('an attempt of which a power cut left nothing that can be read', () => {
  async function torn(): Promise<Lab> {
    const it = await left()
    it.launcher.of('denoise/B1').make('half')
    it.attempts.tear()
    return it
  }

  test('is known by its name, told of as lost, and made again; what it wrote is put aside', async () => {
    const it = await torn()
    const { settled: ended, running } = await it.recover()
    expect([running, ended]).toMatchObject([
      [],
      [{ job: 'denoise/B1', end: { status: 'failed', attempt: 1, cause: { kind: 'lost' } } }],
    ])
    expect(it.disk.tree('.labmake/attempts')).toEqual({ '.labmake/attempts/denoise/B1/B1.kwd': 'half' })
    expect(Object.keys(it.disk.tree('kwd'))).toEqual([])
    expect(it.journal.records.map((r) => r.type)).toEqual(['started', 'failed'])
    it.launcher.script = (recipe) => {
      recipe.make()
      recipe.end()
    }
    expect(await it.build({ goals: ['denoise/B1'] })).toEqual(['denoise/B1'])
    expect(await it.recover()).toEqual({ running: [], settled: [], troubles: [] })
  })

  test('is forgotten where no rule makes its job any more', async () => {
    const it = await torn()
    it.edit({ rules: {} })
    expect(await it.recover()).toEqual({ running: [], settled: [], troubles: [] })
    expect(it.attempts.torn()).toEqual([])
  })
})
