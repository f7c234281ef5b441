import { expect, test } from 'vitest'
import { lab } from '../fakes/lab.ts'

const rules = {
  rules: {
    denoise: {
      sources: 'data/mat/{batch}.mat',
      targets: 'data/kwd/{batch}.kwd',
      intermediate: true,
      recipe: 'denoise {source} {target}',
    },
    phy: { sources: 'data/kwd/{batch}.kwd', targets: 'data/phy/{batch}.out', recipe: 'sort {source} {target}' },
  },
}

/** All is made, and a person deleted the intermediate. */
async function cleared() {
  const it = lab(rules, { 'data/mat/B1.mat': 'm' })
  await it.build()
  it.disk.delete('data/kwd/B1.kwd')
  it.clock.tick(60_000)
  return it
}

test('an intermediate may be deleted once what was made from it is up to date', async () => {
  const it = await cleared()
  expect(it.stale()).toEqual([])
})

test('an intermediate that was never made is made', () => {
  expect(lab(rules, { 'data/mat/B1.mat': 'm' }).stale()).toEqual(['denoise/B1', 'phy/B1'])
})

test('a deleted intermediate is made again when its source changes', async () => {
  const it = await cleared()
  it.disk.write('data/mat/B1.mat', 'm2')
  expect(it.stale()).toEqual(['denoise/B1', 'phy/B1'])
})

test('a deleted intermediate is made again when what is made from it is needed', async () => {
  const it = await cleared()
  it.disk.delete('data/phy/B1.out')
  expect(await it.build()).toEqual(['denoise/B1', 'phy/B1'])
  expect(it.stale()).toEqual([])
})

test('a deleted target that is no intermediate is made again', async () => {
  const it = lab(
    { rules: { ...rules.rules, denoise: { ...rules.rules.denoise, intermediate: false } } },
    { 'data/mat/B1.mat': 'm' },
  )
  await it.build()
  it.disk.delete('data/kwd/B1.kwd')
  expect(it.stale()).toEqual(['denoise/B1', 'phy/B1'])
})

test('an intermediate that nothing is made from is a target like any other', async () => {
  const it = lab({ rules: { denoise: rules.rules.denoise } }, { 'data/mat/B1.mat': 'm' })
  expect(it.stale()).toEqual(['denoise/B1'])
})

test('without a journal a deleted intermediate counts as old as its source', async () => {
  const it = await cleared()
  it.journal.forget()
  expect(it.stale()).toEqual([])
  it.disk.write('data/mat/B1.mat', 'm2')
  expect(it.stale()).toEqual(['denoise/B1', 'phy/B1'])
})

test('a chain of deleted intermediates is made from its start when its end is needed', async () => {
  const chain = {
    rules: {
      one: { sources: 'data/{batch}.0', targets: 'data/{batch}.1', intermediate: true, recipe: 'r {source} {target}' },
      two: { sources: 'data/{batch}.1', targets: 'data/{batch}.2', intermediate: true, recipe: 'r {source} {target}' },
      three: { sources: 'data/{batch}.2', targets: 'data/{batch}.3', recipe: 'r {source} {target}' },
    },
  }
  const it = lab(chain, { 'data/B1.0': 'x' })
  await it.build()
  it.disk.delete('data/B1.1')
  it.disk.delete('data/B1.2')
  expect(it.stale()).toEqual([])
  it.disk.delete('data/B1.3')
  expect(await it.build()).toEqual(['one/B1', 'two/B1', 'three/B1'])
  expect(it.stale()).toEqual([])
})
