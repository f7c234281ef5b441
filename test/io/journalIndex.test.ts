import { appendFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openJournal } from '../../src/io/journal.ts'
import { indexedRecords, readJournalIndex, writeJournalIndex } from '../../src/io/journalIndex.ts'
import { formatLine } from '../../src/io/journalLines.ts'
import type { JournalRecord } from '../../src/model/record.ts'
import { type Workspace, workspace } from '../workspace.ts'

const path = '.labmake/journal.jsonl'
const indexPath = '.labmake/look.lines'
const at = '2026-08-10T12:02:12.000Z'

/** `größe "1"` is written with a backslash, and longer in bytes than in signs; `kwd/1` is a source of `phy/1`, too. */
const names = ['größe "1"', 'kwd/1', 'kwd/2', 'phy/1', 'phy/2', `deep/${'x'.repeat(700)}`]
const name = fc.constantFrom(...names)

const made = (target: string, attempt: number): JournalRecord => ({
  type: 'made',
  at,
  job: `r/${target}`,
  target,
  attempt,
  seconds: 3,
  sourceBytes: 6,
  log: '',
  sources: { 'kwd/1': '6 1' },
  uses: {},
  targets: { [target]: '12 2' },
  // So that few of them are too many to be searched as quickly.
  recipe: 'x'.repeat(9000 + attempt),
  params: {},
})
const record: fc.Arbitrary<JournalRecord> = fc.oneof(
  fc.tuple(name, fc.nat(50)).map(([target, attempt]) => made(target, attempt)),
  fc
    .tuple(name, fc.nat(50))
    .map(([target, attempt]): JournalRecord => ({ type: 'started', at, job: `r/${target}`, target, attempt })),
  name.map((target): JournalRecord => ({ type: 'rebuild', at, job: `r/${target}`, target, by: 'ana' })),
  fc.tuple(name, name).map(
    ([a, b]): JournalRecord => ({
      type: 'action',
      at,
      by: 'ana',
      action: { type: 'hold', jobs: ['r/x'] },
      text: '',
      targets: [a, b],
    }),
  ),
)

/** Long enough that it is worth an index. */
const filled = Array.from({ length: 40 }, (_, i) => formatLine(made(names[i % 5]!, i)))

const historiesOf = (ws: Workspace, mark?: Parameters<typeof openJournal>[1]) => {
  const journal = openJournal(ws.root, mark)
  return names.map((target) => journal.history(target))
}

test('found by its index, all is known of a target that is known from reading everything', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 20 }), fc.array(record, { maxLength: 5 }), async (before, after) => {
      await using ws = await workspace({ [path]: [...filled, ...before.map(formatLine)].join('') })
      const { mark } = openJournal(ws.root)
      writeJournalIndex(ws.root, mark!)
      const index = readJournalIndex(ws.root, mark!.sizeBytes)!
      for (const target of names) {
        const all = openJournal(ws.root).records()
        const own = all.filter((r) =>
          r.type === 'action' ? r.targets.includes(target) : 'target' in r && r.target === target,
        )
        // Who is told of twice in one action is found twice, which says the same.
        expect([...new Set(indexedRecords(ws.path(path), index, target)!.map((r) => JSON.stringify(r)))]).toEqual([
          ...new Set(own.map((r) => JSON.stringify(r))),
        ])
      }
      appendFileSync(ws.path(path), after.map(formatLine).join(''))
      expect(historiesOf(ws, mark)).toEqual(historiesOf(ws))
      // A later mark with an index of before.
      expect(historiesOf(ws, openJournal(ws.root).mark)).toEqual(historiesOf(ws))
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 20) },
  )
})

test.each<[string, (ws: Workspace) => void]>([
  ['is torn', (ws) => truncateSync(ws.path(indexPath), 300)],
  ['is empty', (ws) => truncateSync(ws.path(indexPath), 0)],
  [
    'is of a journal that was replaced',
    (ws) => {
      writeFileSync(ws.path(`${path}.other`), filled.toReversed().join(''))
      renameSync(ws.path(`${path}.other`), ws.path(path))
    },
  ],
  ['is of a longer journal', (ws) => truncateSync(ws.path(path), Buffer.byteLength(filled.slice(0, -3).join('')))],
])('an index is of no use, and no harm, when it %s', async (_, spoil) => {
  await using ws = await workspace({ [path]: filled.join('') })
  writeJournalIndex(ws.root, openJournal(ws.root).mark!)
  spoil(ws)
  const { mark } = openJournal(ws.root)
  expect(readJournalIndex(ws.root, mark!.sizeBytes)).toBeUndefined()
  expect(historiesOf(ws, mark)).toEqual(historiesOf(ws))
})

test('where a line is not what was indexed, all are searched', async () => {
  await using ws = await workspace({ [path]: filled.join('') })
  const { mark } = openJournal(ws.root)
  writeJournalIndex(ws.root, mark!)
  const index = readJournalIndex(ws.root, mark!.sizeBytes)!
  const wrong = { ...index, places: index.places.map((place) => place + 3) }
  expect(indexedRecords(ws.path(path), wrong, 'kwd/1')).toBeUndefined()
})

test('of a journal that is gone by the end of a build there is no index, and no fault', async () => {
  await using ws = await workspace({ [path]: filled.join('') })
  const { mark } = openJournal(ws.root)
  writeJournalIndex(ws.root, mark!)
  rmSync(ws.path(path))
  writeJournalIndex(ws.root, mark!)
  expect(() => readFileSync(ws.path(indexPath))).toThrow('ENOENT')
})

test('a short journal has no index', async () => {
  await using ws = await workspace({ [path]: filled.slice(0, 5).join('') })
  writeJournalIndex(ws.root, openJournal(ws.root).mark!)
  expect(() => readFileSync(ws.path(indexPath))).toThrow('ENOENT')
})
