import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  type Amendment,
  amendLastLook,
  jobsAtRest,
  type LastLook,
  readLastLook,
  writeLastLook,
} from '../../src/io/lastLook.ts'
import type { Looks } from '../../src/io/looks.ts'
import type { Standing } from '../../src/model/standing.ts'

const nothing: Looks = { paths: [], follows: new Uint8Array(), marks: new Float64Array() }

/** Files that were there, each with this size. */
const looksOf = (sizes: Readonly<Record<string, number>>): Looks => ({
  paths: Object.keys(sizes),
  follows: new Uint8Array(Object.keys(sizes).length),
  marks: Float64Array.from(Object.values(sizes).flatMap((size) => [1, 1, 1, size])),
})
const restingOf = (jobs: Readonly<Record<string, number>>) => ({
  batches: Object.keys(jobs),
  jobs: Uint16Array.from(Object.values(jobs)),
})

const standing: Standing = {
  upToDate: 3,
  edited: 0,
  waiting: 0,
  stale: 0,
  protected: [],
  failed: [],
  orphaned: 0,
  faults: [],
  isEmpty: false,
}

const look: LastLook = {
  takenMs: 1000,
  inputs: looksOf({ 'rules/r.yaml': 20 }),
  looks: looksOf({ 'in/B1': 1, 'in/B2': 2, 'in/B3': 3 }),
  journal: undefined,
  standing,
  rules: { digest: 'd', areText: true, kept: undefined },
  resting: restingOf({ B1: 2, B2: 2, B3: 1 }),
  restless: [],
}

/** B2 was planned again: its file is another one, and B2 has not come to rest. */
const change: Amendment = {
  takenMs: 2000,
  inputs: look.inputs,
  journal: undefined,
  standing: { ...standing, upToDate: 2 },
  restless: ['B2'],
  paths: ['in/B2', 'in/B2.old'],
  looks: looksOf({ 'in/B2': 22 }),
  planned: ['B2'],
  resting: restingOf({}),
}

class Folder implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'labmake-look-'))
  readonly whole = join(this.root, '.labmake/look')
  readonly amendment = join(this.root, '.labmake/look.since')

  read() {
    return readLastLook(this.root, '1.0')
  }

  amend(change: Amendment): void {
    amendLastLook(this.root, '1.0', this.read()!, change)
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

function standingFolder(): Folder {
  const folder = new Folder()
  writeLastLook(folder.root, '1.0', look)
  return folder
}

test('what was kept is read again', () => {
  using folder = standingFolder()
  expect(folder.read()).toMatchObject(look)
})

test('what changed in one batch is read with all that did not', () => {
  using folder = standingFolder()
  folder.amend(change)
  expect(folder.read()).toMatchObject({
    takenMs: 2000,
    looks: looksOf({ 'in/B1': 1, 'in/B2': 22, 'in/B3': 3 }),
    resting: restingOf({ B1: 2, B3: 1 }),
    restless: ['B2'],
    standing: { upToDate: 2 },
    rules: look.rules,
  })
})

test('a second change is kept with the first one', () => {
  using folder = standingFolder()
  folder.amend(change)
  folder.amend({
    ...change,
    takenMs: 3000,
    restless: [],
    paths: ['in/B2', 'in/B4'],
    looks: looksOf({ 'in/B4': 4 }),
    planned: ['B2', 'B4'],
    resting: restingOf({ B2: 2, B4: 2 }),
  })
  expect(folder.read()).toMatchObject({
    takenMs: 3000,
    looks: looksOf({ 'in/B1': 1, 'in/B3': 3, 'in/B4': 4 }),
    resting: restingOf({ B1: 2, B2: 2, B3: 1, B4: 2 }),
  })
})

test('one change writes no more than what changed', () => {
  using folder = standingFolder()
  const before = readFileSync(folder.whole)
  folder.amend(change)
  expect(readFileSync(folder.whole)).toEqual(before)
})

test('what has become much is kept as a whole', () => {
  using folder = standingFolder()
  const many = Array.from({ length: 2001 }, (_, i) => `in/C${1000 + i}`)
  folder.amend({ ...change, looks: looksOf(Object.fromEntries(many.map((path) => [path, 5]))), paths: many })
  expect(() => readFileSync(folder.amendment)).toThrow('ENOENT')
  expect(folder.read()?.looks.paths).toEqual([...many, 'in/B1', 'in/B2', 'in/B3'].toSorted())
})

test.each<[string, (folder: Folder) => void]>([
  ['is gone', (folder) => rmSync(folder.amendment)],
  ['is torn', (folder) => truncateSync(folder.amendment, 100)],
  ['is empty', (folder) => truncateSync(folder.amendment, 0)],
  ['has another byte', (folder) => writeFileSync(folder.amendment, readFileSync(folder.amendment).fill(7, 60, 61))],
  [
    'is of another whole',
    (folder) => {
      const old = readFileSync(folder.amendment)
      writeLastLook(folder.root, '1.0', { ...look, takenMs: 1001 })
      writeFileSync(folder.amendment, old)
    },
  ],
])('the look of before holds where what changed since %s', (_, spoil) => {
  using folder = standingFolder()
  folder.amend(change)
  spoil(folder)
  expect(folder.read()).toMatchObject({ looks: look.looks, resting: look.resting, standing, amendment: undefined })
})

test('there is no look where the whole one is torn, or of another labmake', () => {
  using folder = standingFolder()
  folder.amend(change)
  expect(readLastLook(folder.root, '1.1')).toBeUndefined()
  truncateSync(folder.whole, 200)
  expect(folder.read()).toBeUndefined()
})

test('jobs at rest are counted without those of some batches', () => {
  expect(jobsAtRest(look.resting, ['B2', 'B9'])).toBe(3)
  expect(jobsAtRest({ batches: [], jobs: new Uint16Array() }, [])).toBe(0)
})

test('a look at nothing is a look', () => {
  using folder = standingFolder()
  writeLastLook(folder.root, '1.0', { ...look, looks: nothing, inputs: nothing, resting: restingOf({}) })
  expect(folder.read()).toMatchObject({ looks: { paths: [] }, resting: { batches: [] } })
})
