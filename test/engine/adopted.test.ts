import { expect, test } from 'vitest'
import { type Lab, lab, settled } from '../fakes/lab.ts'

const rules = {
  pools: { ram: 1 },
  rules: {
    denoise: { sources: 'data/{batch}.mat', targets: 'kwd/{batch}.kwd', pool: 'ram', recipe: 'd {source} {target}' },
    phy: { sources: 'kwd/{batch}.kwd', targets: 'phy/{batch}/', recipe: 's {source} {target}' },
  },
}

/** An earlier labmake started denoise/B1 and is gone; its recipe runs on. */
async function left(): Promise<Lab> {
  const it = lab(rules, { 'data/B1.mat': 'm', 'data/B2.mat': 'm' })
  it.launcher.hold()
  void it.start({ goals: ['denoise/B1'] })
  await settled()
  // What the dead labmake would do when the recipe ends never happens: its ports are not those of the next one.
  return it
}

test('a recipe that runs on is taken over, not started again, and holds its slot', async () => {
  const it = await left()
  const { running, settled: ended } = await it.recover()
  expect(running.map(({ state }) => state.job)).toEqual(['denoise/B1'])
  expect(ended).toEqual([])
  const { outcomes, stop } = it.start({ adopted: running })
  await settled()
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  expect(it.journal.records.filter((r) => r.type === 'started')).toHaveLength(1)
  stop()
  it.launcher.of('denoise/B1').end({ status: 'cancelled' })
  await outcomes
})
