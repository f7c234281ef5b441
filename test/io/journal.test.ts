import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openJournal } from '../../src/io/journal.ts'
import { formatLine, parseLine } from '../../src/io/journalLines.ts'
import type { JournalRecord, MadeRecord } from '../../src/model/record.ts'
import { workspace } from '../workspace.ts'

const path = '.labmake/journal.jsonl'

function made(batch: string, attempt = 1): MadeRecord {
  const target = `data/kwd/größe-${batch}.kwd`
  return {
    type: 'made',
    at: '2026-08-10T12:02:12.000Z',
    job: `denoise/${batch}`,
    target,
    attempt,
    seconds: 3,
    sourceBytes: 6,
    log: '',
    sources: { 'data/mat': { 'a.mat': '6 1' } },
    uses: {},
    targets: { [target]: '12 2' },
    recipe: 'denoise {source}',
    params: {},
  }
}

const jobsOf = (records: readonly JournalRecord[]) =>
  records.map((record) => ('job' in record ? record.job : record.type))

test('what was appended is there when the journal is opened again', async () => {
  await using ws = await workspace()
  const journal = openJournal(ws.root)
  await journal.append(made('B1'))
  await journal.append({ ...made('B1'), type: 'failed', attempt: 2, cause: { kind: 'exit', code: 1 } })
  journal.close()
  const history = openJournal(ws.root).history(made('B1').target)
  expect(history).toMatchObject({ current: made('B1'), failed: { attempt: 2 } })
})

test('cut at every byte the journal loads, without a fault, and loses at most its last record (case 26)', async () => {
  await using ws = await workspace({ '.labmake/': '' })
  const lines = [formatLine(made('B1')), formatLine(made('B2')), formatLine(made('B3'))]
  const whole = Buffer.from(lines.join(''))
  const ends = lines.map((_, i) => Buffer.byteLength(lines.slice(0, i + 1).join('')))
  for (let cut = 0; cut <= whole.length; cut++) {
    writeFileSync(ws.path(path), whole.subarray(0, cut))
    const journal = openJournal(ws.root)
    // A record is whole with its last brace: the line end behind it may be missing.
    const kept = ends.filter((end) => end - 1 <= cut).length
    expect([cut, journal.records().length, journal.faults]).toEqual([cut, kept, []])
  }
})

test('after a cut at every byte of the last record, what is appended next stands by itself (case 26)', async () => {
  await using ws = await workspace({ '.labmake/': '' })
  const first = formatLine(made('B1'))
  const last = Buffer.from(formatLine(made('B2')))
  for (let cut = 0; cut <= last.length; cut++) {
    writeFileSync(ws.path(path), first)
    appendFileSync(ws.path(path), last.subarray(0, cut))
    const journal = openJournal(ws.root)
    await journal.append(made('B3'))
    journal.close()
    const again = openJournal(ws.root)
    const jobs = jobsOf(again.records())
    const expected = cut >= last.length - 1 ? ['denoise/B1', 'denoise/B2', 'denoise/B3'] : ['denoise/B1', 'denoise/B3']
    expect([cut, jobs, again.faults]).toEqual([cut, expected, []])
  }
})

test('a byte that changed anywhere in a line is noticed', () => {
  const line = Buffer.from(formatLine(made('B1')).trimEnd())
  for (let i = 0; i < line.length; i++) {
    const damaged = Buffer.from(line)
    damaged[i]! ^= 1
    expect([i, parseLine(damaged.toString('utf8'))]).toEqual([i, undefined])
  }
})

test('a damaged line in the middle is a fault with its number, and the others are used', async () => {
  await using ws = await workspace({
    [path]: `${formatLine(made('B1'))}rubbish\n${formatLine(made('B3'))}`,
  })
  const journal = openJournal(ws.root)
  expect(jobsOf(journal.records())).toEqual(['denoise/B1', 'denoise/B3'])
  expect(journal.faults).toMatchObject([{ where: `${path}:2` }])
})

test('without a journal nothing is known, and looking makes none', async () => {
  await using ws = await workspace()
  expect(openJournal(ws.root).records()).toEqual([])
  expect(ws.list('.')).toEqual([])
})

test.each([
  ['a line that lost its end', (line: string) => `${line.slice(0, 50)}\n`],
  ['zeros, as after a crash of the machine', () => `${'\0'.repeat(100)}\n`],
  ['a check sum of nothing', () => ',"sum":"00000000"}\n'],
])('%s is damage like any other', async (_, damaged) => {
  const line = damaged(formatLine(made('B2')))
  await using ws = await workspace({ [path]: formatLine(made('B1')) + line + formatLine(made('B3')) })
  const journal = openJournal(ws.root)
  expect(jobsOf(journal.records())).toEqual(['denoise/B1', 'denoise/B3'])
  expect(journal.faults).toMatchObject([{ message: '1 line is damaged (2); the others are used' }])
})

test('a journal that is larger than what is read at once is read as a whole, lines of any length and torn letters included', async () => {
  // Each line moves the next one to another place of what is read at once, which is a megabyte.
  const lines = Array.from({ length: 40 }, (_, i) => formatLine({ ...made(`B${i}`), log: 'ü'.repeat(30_011 + i) }))
  lines.splice(20, 0, formatLine({ ...made('long'), log: 'ü'.repeat(1_500_000) }), 'rubbish\n')
  await using ws = await workspace({ [path]: lines.join('') })
  const journal = openJournal(ws.root)
  const kept = lines.filter((line) => line !== 'rubbish\n')
  expect(journal.records().map((record) => formatLine(record).length)).toEqual(kept.map((line) => line.length))
  expect(journal.faults).toMatchObject([{ where: '.labmake/journal.jsonl:22' }])
  expect(journal.history(made('long').target).current).toEqual({ ...made('long'), log: 'ü'.repeat(1_500_000) })
})

test('past attempts and the last records are those of the file, the last line too where it lacks its end', async () => {
  await using ws = await workspace({ '.labmake/': '' })
  const journal = openJournal(ws.root)
  expect([journal.attempts(made('B1').target), journal.recent(5)]).toEqual([[], []])
  await journal.append(made('B1'))
  await journal.append(made('B2'))
  await journal.append({ ...made('B1', 2), type: 'failed', cause: { kind: 'exit', code: 1 } })
  expect(journal.attempts(made('B1').target)).toMatchObject([{ attempt: 1 }, { attempt: 2, state: 'failed' }])
  const whole = readFileSync(ws.path(path))
  writeFileSync(ws.path(path), whole.subarray(0, -1))
  const again = openJournal(ws.root)
  expect(again.attempts(made('B1').target)).toMatchObject([{ attempt: 1 }, { attempt: 2, state: 'failed' }])
  expect(jobsOf(again.recent(2))).toEqual(['denoise/B2', 'denoise/B1'])
})

test('much damage is told of once', async () => {
  await using ws = await workspace({ [path]: 'x\n'.repeat(7) })
  expect(openJournal(ws.root).faults).toMatchObject([
    { message: '7 lines are damaged (1, 2, 3, 4, 5, …); the others are used' },
  ])
})

test('two records appended at once after a torn line are both kept', async () => {
  await using ws = await workspace({ [path]: `${formatLine(made('B1'))}torn` })
  const journal = openJournal(ws.root)
  await Promise.all([journal.append(made('B2')), journal.append(made('B3'))])
  journal.close()
  expect(jobsOf(openJournal(ws.root).records())).toEqual(['denoise/B1', 'denoise/B2', 'denoise/B3'])
})

test('reading a torn journal changes nothing in it', async () => {
  const torn = formatLine(made('B1')) + formatLine(made('B2')).slice(0, 40)
  await using ws = await workspace({ [path]: torn })
  openJournal(ws.root).records()
  expect(ws.read(path)).toBe(torn)
})

test('only what was torn when it was opened is cut, not what came after', async () => {
  await using ws = await workspace({ [path]: `${formatLine(made('B1'))}torn` })
  const journal = openJournal(ws.root)
  await journal.append(made('B2'))
  appendFileSync(ws.path(path), formatLine(made('B3')))
  await journal.append(made('B4'))
  journal.close()
  expect(openJournal(ws.root).records()).toHaveLength(4)
})

test('a journal that was closed may be appended to again', async () => {
  await using ws = await workspace()
  const journal = openJournal(ws.root)
  await journal.append(made('B1'))
  journal.close()
  await journal.append(made('B2'))
  journal.close()
  expect(openJournal(ws.root).records()).toHaveLength(2)
})

test('estimates are of the last fifty attempts of a rule', async () => {
  const lines = Array.from({ length: 60 }, (_, i) => formatLine({ ...made('B1', i + 1), seconds: i + 1 }))
  await using ws = await workspace({ [path]: lines.join('') })
  const past = openJournal(ws.root).durations().get('denoise')!
  expect(past.map((p) => p.seconds)).toEqual(Array.from({ length: 50 }, (_, i) => i + 11))
})

test('a journal that cannot be read is said in words', async () => {
  await using ws = await workspace({ [`${path}/x`]: '' })
  expect(() => openJournal(ws.root)).toThrow('cannot read .labmake/journal.jsonl: it is a folder')
})

/** A hundred records of thirty batches: attempts that succeed and fail, what persons asked, and drops between them. */
const longLines = Array.from({ length: 100 }, (_, i): string => {
  const record = made(`B${(i * 7) % 30}`, i + 1)
  const { at, job, target } = record
  const kinds: JournalRecord[] = [
    record,
    { ...record, type: 'failed', cause: { kind: 'exit', code: i } },
    { type: 'rebuild', at, job, target, by: 'ana' },
    {
      type: 'action',
      at,
      by: 'ana',
      action: { type: 'hold', jobs: [job] },
      text: '',
      targets: [target, made('B3').target],
    },
    { type: 'action', at, by: 'ana', action: { type: 'release', jobs: [job] }, text: '', targets: [target] },
  ]
  return formatLine(kinds[i % 5]!)
})
const longTargets = Array.from({ length: 31 }, (_, i) => made(`B${i}`).target)

test.each([1, 37, 60, 99])(
  'read behind a mark at line %i, it says of every target what reading all of it says',
  async (n) => {
    await using ws = await workspace({ [path]: longLines.slice(0, n).join('') })
    const { mark } = openJournal(ws.root)
    appendFileSync(ws.path(path), longLines.slice(n).join(''))
    const behind = openJournal(ws.root, mark)
    expect(behind.news).toHaveLength(100 - n)
    // Before anybody asks, between two questions, and after more targets than are searched for one by one.
    await behind.append(made('B4', 500))
    behind.history(longTargets[4]!)
    await behind.append({ ...made('B4', 501), type: 'failed', cause: { kind: 'exit', code: 1 } })
    const whole = openJournal(ws.root)
    const histories = (journal: typeof whole) => longTargets.map((target) => journal.history(target))
    expect(histories(behind)).toEqual(histories(whole))
    expect(behind.durations()).toEqual(whole.durations())
  },
)

test('estimates are of the last fifty attempts of each rule, also where what lies before a mark is searched', async () => {
  const lines = Array.from({ length: 200 }, (_, i) => {
    const record = { ...made('B1', i + 1), seconds: i + 1 }
    if (i % 5 === 0) return formatLine({ ...record, type: 'failed', cause: { kind: 'exit', code: 1 } })
    return formatLine(i % 3 === 0 ? { ...record, job: 'sort/B1' } : record)
  })
  await using ws = await workspace({ [path]: lines.join('') })
  const whole = openJournal(ws.root)
  expect(openJournal(ws.root, whole.mark).durations()).toEqual(whole.durations())
  expect([...whole.durations()].map(([rule, past]) => [rule, past.length])).toEqual([
    ['denoise', 50],
    ['sort', 50],
  ])
})

test('lines longer than what is read at once are searched, and told of, like others', async () => {
  const recipe = 'x'.repeat(300_000)
  const lines = Array.from({ length: 9 }, (_, i) =>
    formatLine({ ...made(`B${i % 4}`, i + 1), ...(i % 3 === 1 && { recipe }) }),
  )
  await using ws = await workspace({ [path]: lines.join('') })
  const whole = openJournal(ws.root)
  const behind = openJournal(ws.root, whole.mark)
  const targets = Array.from({ length: 5 }, (_, i) => made(`B${i}`).target)
  expect(targets.map((target) => behind.history(target))).toEqual(targets.map((target) => whole.history(target)))
  expect(behind.durations()).toEqual(whole.durations())
  expect(behind.recent(1000)).toEqual(whole.records())
  expect(behind.recent(3)).toEqual(whole.records().slice(-3))
})

test('a journal that is read once more knows what others appended, of targets that it knew and of others', async () => {
  await using ws = await workspace({ [path]: longLines.slice(0, 50).join('') })
  const first = openJournal(ws.root, openJournal(ws.root).mark)
  expect(first.reread()).toBe(first)
  const before = longTargets.slice(0, 9).map((target) => first.history(target))
  appendFileSync(ws.path(path), longLines.slice(50).join(''))
  const again = first.reread()
  expect(again).not.toBe(first)
  const whole = openJournal(ws.root)
  const histories = (journal: typeof whole) => longTargets.slice(0, 12).map((target) => journal.history(target))
  expect(histories(again)).toEqual(histories(whole))
  expect(histories(again).slice(0, 9)).not.toEqual(before)
})

test('of a mark that does not fit everything is read, and its damage told', async () => {
  await using ws = await workspace({ [path]: longLines.slice(0, 50).join('') })
  const { mark } = openJournal(ws.root)
  writeFileSync(ws.path(path), longLines.slice(1).join(''))
  expect(openJournal(ws.root, mark).news).toBeUndefined()
  writeFileSync(ws.path(path), `${longLines.slice(0, 50).join('')}rubbish\n${longLines.slice(50).join('')}`)
  expect(openJournal(ws.root, mark).faults[0]?.where).toBe('.labmake/journal.jsonl:51')
})
