import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldersAbove } from '../../src/core/pattern.ts'
import { widenScope } from '../../src/core/scope.ts'
import { watchedFolders } from '../../src/core/watched.ts'
import { randomFile, randomWorkspace, writeIfPossible } from '../fakes/randomWorkspaces.ts'
import { soundRules } from '../fakes/rules.ts'
import { knownBatches, planScope, saidOf } from '../fakes/scopes.ts'

const recipe = 'r {target}'
const one = (sources: unknown, targets: unknown, more: object = {}) => ({ sources, targets, recipe, ...more })
const watchedBy = (rules: object) => watchedFolders(soundRules({ rules }).rules)

const lab = {
  denoise: one('data/mat/{batch}/', 'data/kwd/{batch}.kwd'),
  phy: one('data/kwd/{batch}.kwd', 'data/phy/{batch}/'),
}

test('of the lab: each recording, and the folders that the targets lie in', () => {
  expect(watchedBy(lab).folders.map((folder) => folder.text)).toEqual(['data/mat/{batch}/', 'data/kwd', 'data/phy'])
})

test.each<[string, object, readonly string[]]>([
  [
    'files in folders of a batch',
    { a: one('raw/{batch}/probe_{n}/{x}.bin', 'out/{batch}_{n}_{x}') },
    ['raw/{batch}/probe_{n}', 'out'],
  ],
  ['files that are gathered', { a: one('raw/{batch}/probe_*/*.bin', 'out/{batch}') }, ['raw/{batch}/probe_*', 'out']],
  [
    'files that are gathered from any depth',
    { a: one('raw/{batch}/**/*.bin', 'out/{batch}') },
    ['raw/{batch}/', 'out'],
  ],
  ['all target folders of another rule', { a: one('phy/*/', 'all.tsv') }, ['phy/*/', '.']],
  [
    'target folders that another rule reads',
    { a: one('in/{batch}', 'phy/{batch}/'), b: one('phy/{batch}/', 'out/{batch}') },
    ['in', 'phy/{batch}/', 'phy', 'out'],
  ],
  [
    'what is used',
    { a: one('in/{batch}', 'out/{batch}', { uses: ['maps/p.json', 'scripts/'] }) },
    ['in', 'maps', 'scripts/', 'out'],
  ],
  ['another disk', { a: one('/store/{batch}.mat', 'out/{batch}') }, ['/store', 'out']],
])('folders to watch: %s', (_, rules, expected) => {
  expect(watchedBy(rules).folders.map((folder) => folder.text)).toEqual(expected)
})

test.each<[string, string, object, readonly string[] | 'everything']>([
  ['a recording', 'data/mat/B1', lab, ['B1']],
  ['a file of a recording', 'data/mat/B1/a.mat', lab, ['B1']],
  ['a file deep in a recording', 'data/mat/B1/x/y/a.mat', lab, ['B1']],
  ['a target', 'data/kwd/B1.kwd', lab, ['B1']],
  ['a target folder', 'data/phy/B1', lab, ['B1']],
  ['another ending', 'data/kwd/B1.kwd.bak', lab, []],
  ['what no rule names', 'data/notes.txt', lab, []],
  ['litter in a recording', 'data/mat/B1/.DS_Store', lab, []],
  ['staging beside a target', 'data/kwd/.labmake-denoise-B1-1/B1.kwd', lab, []],
  ['the folder of all recordings', 'data/mat', lab, 'everything'],
  ['a folder above it', 'data', lab, 'everything'],
  ['a folder whose name no batch can have', 'data/mat/my recording', lab, 'everything'],
  ['a folder above the files of a batch', 'raw/B1', { a: one('raw/{batch}/probe_*/*.bin', 'out/{batch}') }, ['B1']],
  [
    'a folder that tells no batch yet',
    'raw/site1',
    { a: one('raw/{site}/{batch}.bin', 'out/{batch}_{site}') },
    'everything',
  ],
  [
    'a file below a folder that tells no batch',
    'raw/site1/B1.bin',
    { a: one('raw/{site}/{batch}.bin', 'out/{batch}_{site}') },
    ['B1'],
  ],
  ['a batch beside another wildcard', 'raw/B1_a', { a: one('raw/{batch}_{x}', 'out/{batch}/{x}') }, ['B1']],
  ['any depth below a batch', 'raw/B1/x/y', { a: one('raw/{batch}/**/*.bin', 'out/{batch}') }, ['B1']],
  [
    'a file that all use',
    'maps/p.json',
    { a: one('in/{batch}', 'out/{batch}', { uses: 'maps/p.json' }) },
    'everything',
  ],
  [
    'a target that a table of all gathers',
    'phy/B1',
    { a: one('in/{batch}', 'phy/{batch}/'), b: one('phy/*/', 'all.tsv') },
    'everything',
  ],
  [
    'a file that is two batches to two rules',
    'in/B1.a',
    { a: one('in/{batch}', 'x/{batch}'), b: one('in/{batch}.a', 'y/{batch}') },
    ['B1.a', 'B1'],
  ],
  ['another disk', '/store/B1.mat', { a: one('/store/{batch}.mat', 'out/{batch}') }, ['B1']],
  ['another disk, any name', '/store/B1_x.mat', { a: one('/store/{batch}_{x}.mat', 'out/{batch}_{x}') }, ['B1']],
])('what a change touches: %s', (_, path, rules, expected) => {
  const touched = watchedBy(rules).touched(path)
  expect(touched === 'everything' ? touched : [...touched]).toEqual(expected)
})

test('a change at any path changes the plan of the batches that it touches, and of no others', () => {
  fc.assert(
    fc.property(randomWorkspace, randomFile, fc.nat(20), fc.boolean(), (workspace, anyPath, pick, isWritten) => {
      const { disk } = workspace
      // Mostly a file that is there, or one beside it: elsewhere a change seldom means anything.
      const present = Object.keys(disk.tree())
      const path = [...present, ...present.map((at) => `${at.slice(0, at.lastIndexOf('/'))}/new`)][pick] ?? anyPath
      const { touched } = watchedFolders(workspace.rules)
      // There is an event of each folder that comes with a file.
      const paths = [path, ...foldersAbove(path)].filter((at) => at === path || disk.stat(at) === undefined)
      const names = paths.map(touched).flatMap((batches) => (batches === 'everything' ? [batches] : [...batches]))
      fc.pre(!names.includes('everything'))
      const before = planScope(workspace)
      if (isWritten) writeIfPossible(disk, path, 7)
      else if (disk.read(path) !== undefined) disk.delete(path)
      const after = planScope(workspace)
      const known = [...knownBatches(workspace, before), ...knownBatches(workspace, after)]
      const wide = widenScope(new Set(names), known)
      const isOther = (batch: string) => !wide.has(batch)
      expect(saidOf(after, isOther)).toEqual(saidOf(before, isOther))
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 300) },
  )
}, 60_000)
