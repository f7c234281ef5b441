import { expect, test } from 'vitest'
import { caseTwins, changedBatches, joinManifests } from '../../src/core/batches.ts'
import { parseManifest } from '../../src/core/manifest.ts'
import { soundRules } from '../fakes/rules.ts'

const { rules } = soundRules({
  rules: { denoise: { sources: 'in/{batch}', targets: 'out/{batch}', params: { omit: '', floor: '3' }, recipe: 'r' } },
})

function join(files: Readonly<Record<string, string>>, disabled: readonly string[] = []) {
  const manifests = Object.entries(files).map(([file, text]) => parseManifest(text, { file, firstParam: 'omit' }))
  return joinManifests(manifests, rules, disabled)
}

const params = (joined: ReturnType<typeof join>, batch: string) =>
  Object.fromEntries(joined.byName.get(batch)?.params ?? [])

test('rows of several manifests are put together', () => {
  const joined = join({ 'a.tsv': 'B1\tx\n', 'b.tsv': 'batch\tfloor\nB1\t4\n' })
  expect(params(joined, 'B1')).toEqual({ omit: 'x', floor: '4' })
  expect(joined.faults).toEqual([])
})

test('the same batch with the same values twice is one', () => {
  const joined = join({ 'a.tsv': 'B1\tx\nB1\tx\n', 'b.tsv': 'B1\tx\n' })
  expect(joined.byName.get('B1')?.refused).toBeUndefined()
  expect(joined.faults).toEqual([])
})

test.each([
  ['in one file', { 'a.tsv': 'B1\tx\nB1\ty\n' }, 'a.tsv:2', 'a.tsv:1'],
  ['across files', { 'a.tsv': 'B1\tx\n', 'b.tsv': '\nB1\ty\n' }, 'b.tsv:2', 'a.tsv:1'],
])('different values for one batch %s: both are refused, and both places are named', (_, files, here, there) => {
  const joined = join(files)
  expect(joined.faults).toEqual([
    {
      where: here,
      message: `omit of B1 is "y" here and "x" at ${there}`,
      hint: 'Both rows are refused and B1 waits: remove one of them.',
    },
  ])
  expect(joined.byName.get('B1')?.refused).toMatchObject({ where: here })
})

test('an empty value and another are different values', () => {
  expect(join({ 'a.tsv': 'B1\t\nB1\ty\n' }).faults).toHaveLength(1)
})

test('a column that is no param of any rule is said once, and its batches wait', () => {
  const joined = join({ 'a.tsv': 'batch\tomti\nB1\tx\nB2\ty\n' })
  expect(joined.faults).toMatchObject([
    {
      where: 'a.tsv',
      message: 'column "omti" is no param of any rule',
      hint: expect.stringContaining('Did you mean omit?'),
    },
  ])
  expect([...joined.byName].map(([batch, b]) => [batch, b.refused?.where])).toEqual([
    ['B1', 'a.tsv:2'],
    ['B2', 'a.tsv:3'],
  ])
})

test('while a rule file is disabled an unknown column may be a param of it', () => {
  expect(join({ 'a.tsv': 'batch\tomti\nB1\tx\n' }, ['rules/b.yaml']).faults).toEqual([])
})

test('pairs of names that differ by case alone', () => {
  expect(caseTwins(['B1', 'b2', 'b1', 'B3', 'B1'])).toEqual([['b1', 'B1']])
})

test('of three names that differ by case alone, the pairs are the same in whatever order they come', () => {
  const pairs = [
    ['b1x', 'b1X'],
    ['b1x', 'B1x'],
  ]
  expect(caseTwins(['b1X', 'b1x', 'B1x'])).toEqual(pairs)
  expect(caseTwins(['B1x', 'b1X', 'b1x'])).toEqual(pairs)
})

test.each<[string, string, string, readonly string[]]>([
  ['another value', 'B1\tx\nB2\ty\n', 'B1\tx\nB2\tz\n', ['B2']],
  ['a value more', 'B1\tx\n', 'batch\tomit\tfloor\nB1\tx\t4\n', ['B1']],
  ['a row more, a row less', 'B1\tx\n', 'B2\tx\n', ['B1', 'B2']],
  ['a row that is refused now', 'B1\tx\nB2\ty\n', 'B1\tx\nB1\tz\nB2\ty\n', ['B1']],
  ['the rows in another order, another comment', 'B1\tx\nB2\ty\n', '# mine\nB2\ty\nB1\tx\n', []],
])('batches that manifests say something else of: %s', (_, before, after, changed) => {
  expect([...changedBatches(join({ 'a.tsv': before }), join({ 'a.tsv': after }))].sort()).toEqual(changed)
})
