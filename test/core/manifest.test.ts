import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchesNamed, parseManifest } from '../../src/core/manifest.ts'

const read = (text: string, firstParam: string | undefined = 'omit') =>
  parseManifest(text, { file: 'data/manifests/a.tsv', firstParam })

/** `B1 omit=Port_20 :1` for each row. */
const rows = (text: string, firstParam?: string) =>
  read(text, firstParam).rows.map(({ batch, params, where }) =>
    [batch, ...[...params].map(([k, v]) => `${k}=${v}`), where.replace('data/manifests/a.tsv', '')].join(' '),
  )

test('the lab’s own form has no header: the second column is the first param of the rules', () => {
  expect(rows('B1\tPort_20\nB2\tPort_3,Port_4\n')).toEqual(['B1 omit=Port_20 :1', 'B2 omit=Port_3,Port_4 :2'])
})

test('a header names the params', () => {
  expect(rows('batch\tomit\tfloor\nB1\tPort_20\t3.5\n')).toEqual(['B1 omit=Port_20 floor=3.5 :2'])
})

test('BLOCK and OMIT in capitals are a header too', () => {
  expect(rows('BLOCK\tOMIT\nB1\tPort_20\n')).toEqual(['B1 omit=Port_20 :2'])
})

test('BOM, CRLF, CR, blank lines and comments are passed over, and line numbers are those of the file', () => {
  expect(rows('\uFEFFbatch\tomit\r\n\r\n# a comment\r\n  # another\r\n \t \r\nB1\tx\rB2\ty')).toEqual([
    'B1 omit=x :6',
    'B2 omit=y :7',
  ])
})

test('an empty cell is a value, a missing one is none', () => {
  expect(rows('B1\t\nB2\n')).toEqual(['B1 omit= :1', 'B2 :2'])
})

test('spaces around a cell do not count, those in it do', () => {
  expect(rows('batch\tomit\n B1 \t  Port 1, Port 2 \n')).toEqual(['B1 omit=Port 1, Port 2 :2'])
})

test('empty cells past the last column are a spreadsheet’s', () => {
  expect(rows('batch\tomit\nB1\tx\t\t\n')).toEqual(['B1 omit=x :2'])
})

test('columns that begin with # or have no name are notes', () => {
  expect(rows('batch\t#who\t\tomit\nB1\tana\t?\tx\n')).toEqual(['B1 omit=x :2'])
})

test('a value may hold what a shell would take', () => {
  expect(rows(`B1\t$(touch PWNED); 'x' "y" \\ größe`)).toEqual([`B1 omit=$(touch PWNED); 'x' "y" \\ größe :1`])
})

test('a file with nothing in it is fine', () => {
  expect(read('')).toEqual({ rows: [], refused: [], faults: [] })
})

describe('a bad row is refused with its line number, and the others stand', () => {
  test.each([
    ['a;touch PWNED', '"a;touch PWNED" is not a batch name'],
    ['../x', '"../x" is not a batch name'],
    ['-rf', '"-rf" is not a batch name'],
    ['x'.repeat(129), 'is not a batch name'],
  ])('the batch %s', (name, message) => {
    const { rows, faults, refused } = read(`B1\tx\n${name}\ty\nB2\tz\n`)
    expect(rows.map((row) => row.batch)).toEqual(['B1', 'B2'])
    expect(faults).toMatchObject([
      {
        where: 'data/manifests/a.tsv:2',
        message: expect.stringContaining(message),
        excerpt: `${name}\ty`,
        hint: expect.stringContaining('letters, digits and . _ + -'),
      },
    ])
    expect(refused).toEqual([])
  })

  test('no batch name at all', () => {
    expect(read('\tx\n').faults).toMatchObject([
      { where: 'data/manifests/a.tsv:1', message: 'the row has no batch name', hint: 'The first column is the batch.' },
    ])
  })

  test('spaces where a tab is meant: the hint says so', () => {
    expect(read('B1 Port_20\n').faults).toMatchObject([
      {
        message: '"B1 Port_20" is not a batch name',
        hint: expect.stringContaining('separated by a tab, not by spaces'),
      },
    ])
  })

  test('too many cells: its batch is known, and waits', () => {
    const { faults, refused } = read('batch\tomit\nB1\tx\ty\n')
    expect(faults).toMatchObject([{ where: 'data/manifests/a.tsv:2', message: '3 cells, 2 expected' }])
    expect(refused).toMatchObject([{ batch: 'B1', where: 'data/manifests/a.tsv:2' }])
  })

  test('too many cells without a header: the hint says what a row is', () => {
    expect(read('B1\tx\ty\n').faults[0]!.hint).toBe(
      'Without a header a row is BATCH<TAB>OMIT. For more params, name them in a first line: batch<TAB>…',
    )
    expect(parseManifest('B1\tx\n', { file: 'f', firstParam: undefined }).faults[0]!.hint).toContain(
      '(no rule has a param)',
    )
  })

  test.each([
    ['\u0007', 'x\\x07'],
    ['\u202e', 'x\\u202e'],
  ])('a control character in a value, %j', (character, shown) => {
    const message = `the value of omit holds a control character, which no screen shows: ${shown}`
    const refused = { rows: [], refused: [{ batch: 'B1' }], faults: [{ message }] }
    expect(read(`B1\tx${character}\n`)).toMatchObject(refused)
  })

  test('a column name that no param can have', () => {
    expect(read('batch\tOmit Channels\nB1\tx\n').faults).toMatchObject([
      {
        where: 'data/manifests/a.tsv:1',
        message: 'column 2 has the name "Omit Channels", which no param can have',
        hint: expect.stringContaining('Begin the name of a column that is only a note with #'),
      },
    ])
  })

  test('two columns of one name', () => {
    expect(read('batch\tomit\tomit\n').faults).toMatchObject([{ message: 'two columns are named "omit"' }])
  })
})

test('the batches that a manifest names are those of its rows, be they of use or not', () => {
  const cell = fc.constantFrom('batch', 'Block', 'B1', ' B2 ', 'B3', '', 'no name', '#', '\x07', 'omit')
  const line = fc.array(cell, { minLength: 1, maxLength: 4 }).map((cells) => cells.join('\t'))
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), fc.constantFrom('\n', '\r\n', '\r'), (lines, end) => {
      const text = lines.join(end)
      const { rows, refused } = parseManifest(text, { file: 'm.tsv', firstParam: 'omit' })
      expect(batchesNamed(text)).toEqual(new Set([...rows, ...refused].map(({ batch }) => batch)))
    }),
  )
})
