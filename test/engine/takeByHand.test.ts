import { describe, expect, test } from 'vitest'
import { inboxLab, mats } from '../fakes/inboxLab.ts'

describe('as it is', () => {
  test('a drop that still settles, or holds temporary names, is taken at once', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'a', 'B2/a.mat': 'b', 'B2/.hidden': 'h' })
    await it.intake.look('watch')
    expect(await it.intake.take('B1', 'as-it-is', 'ana')).toEqual({
      done: true,
      text: 'Took B1: it is kept as data/mat/B1/.',
      count: 1,
      undo: undefined,
    })
    expect((await it.intake.take('inbox/B2/', 'as-it-is', 'ana')).done).toBe(true)
    expect(it.disk.read('data/mat/B2/.hidden')).toBe('h')
    const { taken } = await it.intake.look('watch')
    expect(taken.map(({ batches }) => batches)).toEqual([['B1'], ['B2']])
  })

  test('who said so is in the journal', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'a' })
    await it.intake.take('B1', 'as-it-is', 'ana')
    expect(it.journal.records.at(-1)).toMatchObject({
      type: 'action',
      by: 'ana',
      action: { type: 'take', drop: 'B1', how: 'as-it-is' },
      text: 'Took B1: it is kept as data/mat/B1/.',
    })
  })

  test('what was refused is taken up again once the rules take it, and the text beside it is kept in the attic', async () => {
    const it = inboxLab({ ...mats, inbox: [] })
    it.drop({ 'B1/a.mat': 'a' })
    await it.settle()
    expect(it.board()).toEqual(['B1 refused'])
    it.rules = inboxLab().rules
    expect((await it.intake.take('B1', 'as-it-is', 'ana')).text).toBe('Took B1: it is kept as data/mat/B1/.')
    expect([it.disk.tree('inbox'), it.board(), it.intake.drops()]).toEqual([{}, [], []])
    expect(Object.keys(it.disk.tree('.labmake/attic'))).toEqual([expect.stringMatching(/inbox\/B1\.why\.txt$/)])
  })

  test('what is refused again stays by its name, with the new reason', async () => {
    const it = inboxLab({ ...mats, inbox: [] })
    it.drop({ 'B1/a.doc': 'a' })
    await it.settle()
    it.rules = inboxLab().rules
    const { done, text } = await it.intake.take('B1', 'as-it-is', 'ana')
    expect([done, text]).toEqual([
      false,
      expect.stringMatching(/^B1 was not taken: no rule takes a\.doc; what is taken/),
    ])
    expect(Object.keys(it.disk.tree('inbox'))).toEqual(['inbox/rejected/B1.why.txt', 'inbox/rejected/B1/a.doc'])
    expect(it.disk.read('inbox/rejected/B1.why.txt')).toContain('no rule takes a.doc')
    expect(it.board()).toEqual(['B1 refused'])
  })
})

describe('a conflict', () => {
  async function conflict() {
    const it = inboxLab(mats, { 'data/mat/B1/a.mat': 'old', 'data/mat/B1/c.mat': 'old' })
    it.drop({ 'B1/a.mat': 'new' })
    await it.settle()
    expect(it.board()).toEqual(['B1 conflict'])
    it.told()
    return it
  }

  test('stays a conflict when it is taken as it is, and says what may be done', async () => {
    const it = await conflict()
    const { done, text } = await it.intake.take('B1', 'as-it-is', 'ana')
    expect(done).toBe(false)
    expect(text).toMatch(
      /^B1 was not taken: data\/mat\/B1\/ is here already.*labmake inbox take B1 --replace.*--as OTHER_NAME/,
    )
    expect(it.board()).toEqual(['B1 conflict'])
  })

  test('is decided for the new one, and the old one is kept in the attic', async () => {
    const it = await conflict()
    const { text, count } = await it.intake.take('B1', 'replace', 'ana')
    expect([text, count]).toEqual([
      'Took B1: it is kept as data/mat/B1/. What was there is kept in .labmake/attic/2026-01-05T09-00-30Z/data/mat/B1.',
      1,
    ])
    expect(it.disk.tree('data')).toEqual({ 'data/mat/B1/a.mat': 'new' })
    expect(it.disk.read('.labmake/attic/2026-01-05T09-00-30Z/data/mat/B1/c.mat')).toBe('old')
    expect(it.told()).toEqual(['taken B1: data/mat/B1/'])
  })

  test('is stored as another batch', async () => {
    const it = await conflict()
    expect((await it.intake.take('B1', { as: 'B1-again' }, 'ana')).text).toContain('data/mat/B1-again/')
    expect(it.disk.tree('data')).toEqual({
      'data/mat/B1-again/a.mat': 'new',
      'data/mat/B1/a.mat': 'old',
      'data/mat/B1/c.mat': 'old',
    })
  })

  test('is not stored over a third', async () => {
    const it = await conflict()
    it.disk.write('data/mat/B2/a.mat', 'other')
    expect((await it.intake.take('B1', { as: 'B2' }, 'ana')).text).toContain('data/mat/B2/ is here already')
    it.batches = ['B1']
    expect((await it.intake.take('B1', { as: 'b1' }, 'ana')).text).toContain('there is a batch B1 already')
  })

  test('of the second of its name is decided by that name', async () => {
    const it = await conflict()
    it.drop({ 'B1/a.mat': 'newest' })
    await it.settle()
    expect(it.board()).toEqual(['B1 (2) conflict', 'B1 conflict'])
    await it.restart()
    await it.intake.look('watch')
    expect((await it.intake.take('B1 (2)', 'replace', 'ana')).done).toBe(true)
    expect(it.disk.read('data/mat/B1/a.mat')).toBe('newest')
    expect(it.board()).toEqual(['B1 conflict'])
  })

  test('hidden by a new drop of its name is meant by rejected/', async () => {
    const it = await conflict()
    it.drop({ 'B1/a.mat': 'newest' })
    await it.intake.look('watch')
    expect((await it.intake.take('rejected/B1', 'replace', 'ana')).done).toBe(true)
    expect(it.disk.read('data/mat/B1/a.mat')).toBe('new')
    expect(it.disk.read('inbox/B1/a.mat')).toBe('newest')
  })
})

describe('is not done', () => {
  test.each([
    ['B2', 'There is no B2 in the inbox. Did you mean B1?'],
    ['../data', '"../data" is not the name of a drop: labmake inbox lists them.'],
    ['..', '".." is not the name of a drop: labmake inbox lists them.'],
    ['rejected', '"rejected" is not the name of a drop: labmake inbox lists them.'],
    ['B1/a.mat', '"B1/a.mat" is not the name of a drop: labmake inbox lists them.'],
  ])('for %s', async (name, text) => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'a' })
    await it.intake.look('watch')
    expect(await it.intake.take(name, 'as-it-is', 'ana')).toEqual({ done: false, text, count: 0, undo: undefined })
    expect(it.disk.read('inbox/B1/a.mat')).toBe('a')
  })

  test('by a name that no batch can have', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'a' })
    expect((await it.intake.take('B1', { as: '../x' }, 'ana')).text).toContain('"../x" cannot be the name of a batch')
    expect(it.disk.read('inbox/B1/a.mat')).toBe('a')
  })

  test('for what is being taken', async () => {
    const large = 'x'.repeat(17e6)
    const it = inboxLab(mats, { 'data/mat/B1/a.mat': large })
    let letGo = () => {}
    it.inbox.reading = () => new Promise<void>((resolve) => (letGo = resolve))
    it.drop({ 'B1/a.mat': large })
    expect((await it.intake.take('B1', 'replace', 'ana')).text).toContain('which takes a while')
    expect((await it.intake.take('B1', 'replace', 'ana')).text).toBe('B1 is being taken already.')
    letGo()
    await it.intake.idle()
    expect(it.board()).toEqual([])
  })

  test('where the disk does not let it', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'a' })
    it.acts.failAt(1, 'read-only')
    expect((await it.intake.take('B1', 'as-it-is', 'ana')).text).toMatch(/^B1 was not taken: cannot .*read-only\.$/)
    it.acts.mend()
    it.clock.tick(61_000)
    expect(await it.settle()).toEqual(['B1'])
  })
})
