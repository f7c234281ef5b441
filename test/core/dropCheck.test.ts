import { describe, expect, test } from 'vitest'
import { checkDrop } from '../../src/core/dropCheck.ts'
import { lostBatches } from '../../src/core/dropManifest.ts'
import type { DropVerdict } from '../../src/core/dropVerdict.ts'
import type { DropMember } from '../../src/model/inbox.ts'
import { soundRules } from '../fakes/rules.ts'

const mat = { accept: '{batch}/*.mat', store: 'data/mat/{batch}/' }

/** Files by their path from inside the drop (empty for the drop itself) → content; `-> …` is a link, a path that ends in / a folder. */
type Files = Readonly<Record<string, string>>

interface Check {
  readonly inbox?: readonly object[]
  readonly here?: readonly string[]
  readonly as?: string
  readonly more?: readonly DropMember[]
}

function check(drop: string, files: Files, { inbox = [mat], here = [], as, more = [] }: Check = {}): DropVerdict {
  const { inbox: acceptances } = soundRules({ inbox })
  const members = Object.entries(files).map(([path, content]): DropMember => {
    if (path.endsWith('/')) return { kind: 'folder', path: path.slice(0, -1) }
    if (content.startsWith('-> ')) return { kind: 'link', path, to: content.slice(3), broken: false }
    return { kind: 'file', path, sizeBytes: content.length }
  })
  return checkDrop(drop, [...members, ...more], {
    acceptances,
    firstParam: 'omit',
    twinOf: (batch) => here.find((name) => name !== batch && name.toLowerCase() === batch.toLowerCase()),
    read: (path) => ({ status: 'text', text: files[path] ?? '' }),
    as,
  })
}

/** `from → to` of each move, in order; or why it is refused, and the hint. */
function told(verdict: DropVerdict): readonly string[] {
  if (verdict.status === 'refuse') return ['refused', verdict.why, verdict.hint]
  return verdict.moves.map(({ from, to }) => `${from || '.'} → ${to}`)
}

const why = (verdict: DropVerdict) => (verdict.status === 'refuse' ? `${verdict.why} | ${verdict.hint}` : 'taken')

describe('recordings', () => {
  test('a folder that is named after its batch is taken as a whole, with what lies beside the recording', () => {
    expect(told(check('B1', { 'a.mat': '', 'b.mat': '', 'notes.txt': 'lost signal', 'pictures/x.png': '' }))).toEqual([
      '. → data/mat/B1',
    ])
  })

  test('a folder of folders is a recording each', () => {
    expect(told(check('session 4', { 'B1/a.mat': '', 'B2/a.mat': '', 'B2/notes.txt': '' }))).toEqual([
      'B1 → data/mat/B1',
      'B2 → data/mat/B2',
    ])
  })

  test('recordings may lie a few folders deep', () => {
    expect(told(check('m108', { '2026/day 1/B1/a.mat': '', '2026/day 2/B2/a.mat': '' }))).toEqual([
      '2026/day 1/B1 → data/mat/B1',
      '2026/day 2/B2 → data/mat/B2',
    ])
  })

  test('a folder inside a recording belongs to it, though it looks like one', () => {
    expect(told(check('B1', { 'raw/a.mat': '', 'z.mat': '' }))).toEqual(['. → data/mat/B1'])
  })

  test('a file that is a batch by its name goes into the folder of the batch, or to the place of its own', () => {
    const flat = { inbox: [{ accept: '{batch}.mat', store: 'data/mat/{batch}/' }] }
    expect(told(check('B1.mat', { '': '' }, flat))).toEqual(['. → data/mat/B1/B1.mat'])
    const own = { inbox: [{ accept: '{batch}.mat', store: 'data/raw/{batch}.mat' }] }
    expect(told(check('B1.mat', { '': '' }, own))).toEqual(['. → data/raw/B1.mat'])
    expect(told(check('today', { 'B1.mat': '', 'B2.mat': '' }, own))).toEqual([
      'B1.mat → data/raw/B1.mat',
      'B2.mat → data/raw/B2.mat',
    ])
  })

  test('what is stored by more than the batch keeps its other names', () => {
    const inbox = [{ accept: '{animal}/{batch}/*.mat', store: 'data/mat/{animal}/{batch}/' }]
    expect(told(check('m108', { 'B1/a.mat': '', 'B2/a.mat': '' }, { inbox }))).toEqual([
      'B1 → data/mat/m108/B1',
      'B2 → data/mat/m108/B2',
    ])
  })

  test('a recording whose files lie deeper is stored from the folder of its batch on', () => {
    const inbox = [{ accept: '{batch}/raw/**/*.mat', store: 'data/mat/{batch}/' }]
    expect(told(check('s', { 'B1/raw/a.mat': '', 'B2/raw/x/y/b.mat': '', 'B2/log': '' }, { inbox }))).toEqual([
      'B1 → data/mat/B1',
      'B2 → data/mat/B2',
    ])
  })

  test('a rule that accepts a folder takes whatever is in it', () => {
    const inbox = [{ accept: '{batch}/', store: 'data/mat/{batch}/' }]
    expect(told(check('B1', { 'x/anything': '' }, { inbox }))).toEqual(['. → data/mat/B1'])
  })

  test('of several rules that accept a folder the first decides, whatever comes first in the folder', () => {
    const inbox = [mat, { accept: '{batch}/*.asc', store: 'data/asc/{batch}/' }]
    expect(told(check('B1', { 'a.asc': '', 'b.mat': '' }, { inbox }))).toEqual(['. → data/mat/B1'])
  })

  test('what desktops leave behind, and READY, belong to nobody and are no reason to refuse', () => {
    expect(told(check('s', { '.DS_Store': '', 'Thumbs.db': '', READY: '', 'B1/a.mat': '' }))).toEqual([
      'B1 → data/mat/B1',
    ])
  })

  test('a recording is found by a link inside it', () => {
    expect(told(check('B1', { 'a.mat': '-> raw/a.bin', 'raw/a.bin': '' }))).toEqual(['. → data/mat/B1'])
  })

  test('file names with quotes and line ends come along', () => {
    expect(told(check('B1', { 'a.mat': '', 'it\'s "a"\nnote': '' }))).toEqual(['. → data/mat/B1'])
  })
})

describe('manifests', () => {
  test('a table is kept by its name; its bad rows are for later', () => {
    expect(told(check('ana.tsv', { '': 'batch\tomit\nB1\tPort_20\n-rf\tx\n' }))).toEqual(['. → data/manifests/ana.tsv'])
  })

  test('a text in the form of the lab is a manifest', () => {
    expect(told(check('ana.txt', { '': 'B1\tPort_20\r\nB2\t\r\n' }))).toEqual(['. → data/manifests/ana.tsv'])
  })

  test("a folder's own manifest is kept by the folder's name, and comes before its recordings", () => {
    expect(told(check('s4', { 'B1/a.mat': '', 'manifest.tsv': 'batch\tomit\nB1\tx\n', 'B2/a.mat': '' }))).toEqual([
      'manifest.tsv → data/manifests/s4.tsv',
      'B1 → data/mat/B1',
      'B2 → data/mat/B2',
    ])
  })

  test("a recording's own manifest leaves its folder", () => {
    expect(told(check('B1', { 'a.mat': '', 'manifest.tsv': 'B1\tx\n', 'other.tsv': 'measured\n' }))).toEqual([
      'manifest.tsv → data/manifests/B1.tsv',
      '. → data/mat/B1',
    ])
  })

  test('a folder of tables is taken', () => {
    expect(told(check('tables', { 'ana.tsv': 'B1\tx\n', 'ben.tsv': 'B2\ty\n' }))).toEqual([
      'ana.tsv → data/manifests/ana.tsv',
      'ben.tsv → data/manifests/ben.tsv',
    ])
  })

  test('a table without a good row is refused with its line', () => {
    expect(told(check('ana.tsv', { '': 'batch\tomit\nB 1\tx\n' }))).toEqual([
      'refused',
      'ana.tsv is no manifest: ana.tsv:2: "B 1" is not a batch name',
      'A batch name is letters, digits and . _ + -, begins with a letter or digit, and has at most 128 signs.',
    ])
    expect(why(check('ana.tsv', { '': '\n' }))).toContain('ana.tsv is no manifest: it has no row')
  })

  test('a text of words is no manifest', () => {
    expect(why(check('notes.txt', { '': 'remember\nthe\nmilk\n' }))).toContain('no rule takes notes.txt')
  })

  test('a new version that lacks batches of the one here would wipe the rows of somebody else', () => {
    expect(lostBatches('B1\tx\nB2\ty\n', 'batch\tomit\nB1\tz\n')).toEqual(['B2'])
    expect(lostBatches('B1\tx\n', 'B1\tz\nB2\ty\n')).toEqual([])
  })
})

describe('refused', () => {
  test('an empty folder', () => {
    expect(why(check('B1', {}))).toContain('it holds no file')
    expect(why(check('B1', { 'raw/': '', '.DS_Store': '' }))).toContain('it holds no file')
  })

  test('a name that no batch can have, with the way to give it another one', () => {
    expect(why(check('my rec (1)', { 'a.mat': '' }))).toMatch(
      /"my rec \(1\)" cannot be the name of a batch.*labmake inbox take 'my rec \(1\)' --as NAME/,
    )
    expect(why(check('-rf', { 'a.mat': '' }))).toContain('"-rf" cannot be the name of a batch')
  })

  test('a batch that differs from one that is here by case alone', () => {
    expect(why(check('b1', { 'a.mat': '' }, { here: ['B1'] }))).toContain('there is a batch B1 already')
  })

  test('two recordings in one drop that belong in one place', () => {
    expect(why(check('s', { 'day1/B1/a.mat': '', 'day2/b1/a.mat': '' }))).toContain(
      'day1/B1 and day2/b1 would both be stored as data/mat/b1',
    )
  })

  test('a drop with a file that belongs to no recording, and which one', () => {
    expect(why(check('s', { 'B1/a.mat': '', 'notes.doc': '' }))).toContain(
      'notes.doc belongs to no recording in it and is no manifest',
    )
  })

  test('what is no file', () => {
    const fifo: DropMember = { kind: 'special', path: 'pipe', what: 'a FIFO' }
    expect(why(check('B1', { 'a.mat': '' }, { more: [fifo] }))).toContain('pipe is a FIFO')
  })

  test('what cannot be read', () => {
    const denied: DropMember = { kind: 'unreadable', path: 'b.mat', problem: 'permission denied' }
    expect(why(check('B1', { 'a.mat': '' }, { more: [denied] }))).toContain('b.mat cannot be read: permission denied')
  })

  test.each([
    ['an absolute link', { 'a.mat': '', x: '-> /etc/passwd' }, 'x is a link that leads out'],
    ['a link above the drop', { 'a.mat': '', 'sub/x': '-> ../../y' }, 'sub/x is a link that leads out'],
    ['a link out and in again', { 'a.mat': '', x: '-> ../B1/a.mat' }, 'x is a link that leads out'],
    [
      'a link from one recording to another',
      { 'B1/a.mat': '', 'B2/a.mat': '-> ../B1/a.mat' },
      'B2/a.mat is a link that',
    ],
    ['a drop that is a link', { '': '-> /mnt/B1' }, 'it is a link to /mnt/B1'],
  ])('%s', (_, files: Files, expected) => {
    expect(why(check('B1', files))).toContain(expected)
  })

  test('a link to nothing', () => {
    const broken: DropMember = { kind: 'link', path: 'b.mat', to: 'gone.mat', broken: true }
    expect(why(check('B1', { 'a.mat': '' }, { more: [broken] }))).toContain(
      'b.mat is a link to gone.mat, which is not there',
    )
  })

  test('an archive, which is to be unpacked', () => {
    expect(why(check('B1.tar.gz', { '': '' }))).toMatch(/B1\.tar\.gz is an archive \| Unpack it/)
  })

  test('an ending in capitals', () => {
    expect(why(check('B1', { 'A.MAT': '' }))).toMatch(
      /A\.MAT is not taken because of its capitals.*Rename it to a\.mat/,
    )
  })

  test('a file that should lie in a folder', () => {
    expect(why(check('B1.mat', { '': '' }))).toMatch(/lies in no folder of its own.*B1\/B1\.mat/)
  })

  test('what no rule takes, with what would be', () => {
    expect(why(check('B1', { 'a.mst': '' }))).toMatch(
      /no rule takes a\.mst; what is taken: \{batch\}\/\*\.mat.*\.mat\?/,
    )
  })

  test('anything while no rule file says what may be dropped', () => {
    expect(why(check('B1', { 'a.mat': '' }, { inbox: [] }))).toMatch(/no rule file says.*inbox: \[/)
  })

  test('what the rules would store among the things of labmake itself', () => {
    const inbox = [{ accept: '{top}/{batch}/*.mat', store: '{top}/{batch}/' }]
    expect(why(check('rules', { 'B1/a.mat': '' }, { inbox }))).toContain("labmake's own")
  })
})

describe('under another name', () => {
  test('a recording is stored as the batch that the person names', () => {
    expect(told(check('B1', { 'a.mat': '' }, { as: 'B1-again' }))).toEqual(['. → data/mat/B1-again'])
    expect(told(check('my rec (1)', { 'a.mat': '' }, { as: 'B1' }))).toEqual(['. → data/mat/B1'])
  })

  test('a manifest is kept by the name that the person gives', () => {
    expect(told(check('manifest.tsv', { '': 'B1\tx\n' }, { as: 'ana' }))).toEqual(['. → data/manifests/ana.tsv'])
  })

  test('several recordings cannot all have one name', () => {
    expect(why(check('s', { 'B1/a.mat': '', 'B2/a.mat': '' }, { as: 'B3' }))).toContain('2 recordings are in it')
  })

  test('the other name is checked as any', () => {
    expect(why(check('B1', { 'a.mat': '' }, { as: '../x' }))).toContain('"../x" cannot be the name of a batch')
    expect(why(check('B1', { 'a.mat': '' }, { as: 'b2', here: ['B2'] }))).toContain('there is a batch B2 already')
  })
})
