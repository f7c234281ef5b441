import { expect, test } from 'vitest'
import { lab } from '../fakes/lab.ts'

const denoise = {
  sources: 'data/mat/{batch}/',
  targets: 'data/kwd/{batch}.kwd',
  params: { omit: 'required' },
  recipe: 'denoise {source} {target} {omit}',
}
const phy = { sources: 'data/kwd/{batch}.kwd', targets: 'data/phy/{batch}/', recipe: 'sort {source} {target}' }
const rules = { rules: { denoise, phy } }
const row = { 'data/manifests/a.tsv': 'B1\tPort_1\n' }

test('a batch that only a manifest names waits for its recording', () => {
  expect(lab(rules, row).verdict('denoise/B1')).toBe('waiting: data/mat/B1/ is not there yet')
})

test('an empty source folder is waited for', () => {
  const it = lab(rules, { ...row, 'data/mat/B1/': '' })
  expect(it.verdict('denoise/B1')).toBe('waiting: data/mat/B1/ is empty')
})

test('a source folder that holds nothing but what never counts is empty', () => {
  const it = lab(rules, { ...row, 'data/mat/B1/.DS_Store': 'x' })
  expect(it.verdict('denoise/B1')).toBe('waiting: data/mat/B1/ is empty')
})

test('a file where a folder is expected is not there', () => {
  const it = lab(rules, { ...row, 'data/mat/B1': 'a file' })
  expect(it.verdict('denoise/B1')).toBe('waiting: data/mat/B1/ is not there yet')
})

test('a recording waits for a required param, and the text says where to put it', () => {
  const it = lab(rules, { 'data/mat/B1/a.mat': 'a' })
  expect(it.verdict('denoise/B1')).toBe('waiting: omit has no value: add the batch to a manifest in data/manifests/')
})

test('an empty value in a manifest is a value', () => {
  const it = lab(rules, { 'data/mat/B1/a.mat': 'a', 'data/manifests/a.tsv': 'B1\t\n' })
  expect(it.stale()).toEqual(['denoise/B1', 'phy/B1'])
})

test('what comes after a waiting job waits for it', () => {
  const it = lab(rules, { 'data/mat/B1/a.mat': 'a' })
  expect(it.verdict('phy/B1')).toBe('waiting: waits for denoise/B1')
})

test('a batch whose rows contradict each other waits, and the text names the row', () => {
  const it = lab(rules, { 'data/mat/B1/a.mat': 'a', 'data/manifests/a.tsv': 'B1\tPort_1\nB1\tPort_2\n' })
  expect(it.verdict('denoise/B1')).toBe(
    'waiting: its manifest row was refused (data/manifests/a.tsv:2: omit of B1 is "Port_2" here and "Port_1" at data/manifests/a.tsv:1)',
  )
})

test('the other batches of a manifest with a bad row are made', () => {
  const it = lab(rules, {
    'data/mat/B1/a.mat': 'a',
    'data/mat/B2/a.mat': 'a',
    'data/manifests/a.tsv': 'B1\tx\textra\nB2\tx\n',
  })
  expect(it.stale()).toEqual(['denoise/B2', 'phy/B2'])
})

test('batches that differ by case alone both wait', () => {
  const it = lab(rules, {
    'data/mat/b1/a.mat': 'a',
    'data/mat/B1/a.mat': 'a',
    'data/manifests/a.tsv': 'b1\tx\nB1\tx\n',
  })
  expect(it.stale()).toEqual([])
  expect(it.plan().plan.errors).toMatchObject([{ message: expect.stringContaining('differ by case alone') }])
})

test('a gathering source that matches nothing is waited for', () => {
  const it = lab({
    rules: { all: { sources: 'data/phy/*/params.py', targets: 'data/all.tsv', recipe: 'all {target}' } },
  })
  expect(it.verdict('all')).toBe('waiting: nothing matches data/phy/*/params.py yet')
})

test('a finished target whose prerequisite waits for a param is judged by what lies there', async () => {
  const it = lab(rules, { ...row, 'data/mat/B1/a.mat': 'a' })
  await it.build()
  it.disk.delete('data/manifests/a.tsv')
  expect(it.verdict('denoise/B1')).toMatch(/^waiting: omit has no value/)
  expect(it.verdict('phy/B1')).toBe('up-to-date: up to date')
})
