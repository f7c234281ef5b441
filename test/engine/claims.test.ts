import { describe, expect, test } from 'vitest'
import { DiskFault } from '../../src/model/ports.ts'
import { Crash } from '../fakes/acts.ts'
import { type InboxLab, inboxLab, mats, quietMs } from '../fakes/inboxLab.ts'

const table = 'batch\tomit\nB1\tPort_20\n'
const newTable = 'batch\tomit\nB1\tPort_21\n'

interface Situation {
  readonly here?: Readonly<Record<string, string>>
  readonly dropped: Readonly<Record<string, string>>
  readonly otherDisk?: boolean
  readonly act?: 'replace'
}

const situations: Readonly<Record<string, Situation>> = {
  'a recording': { dropped: { 'B1/a.mat': 'a', 'B1/deep/b.mat': 'b' } },
  'a folder of recordings with a manifest and READY': {
    here: { 'data/manifests/s.tsv': table, 'data/mat/B3/a.mat': '3' },
    dropped: { 's/B1/a.mat': '1', 's/B2/a.mat': '2', 's/B3/a.mat': '3', 's/manifest.tsv': newTable, 's/READY': '' },
  },
  'a recording for another disk': { dropped: { 'B1/a.mat': 'a', 'B1/b.mat': 'b' }, otherDisk: true },
  'two recordings for another disk': { dropped: { 's/B1/a.mat': 'a', 's/B2/b.mat': 'b' }, otherDisk: true },
  'a recording that replaces another': {
    here: { 'data/mat/B1/a.mat': 'old', 'data/mat/B1/c.mat': 'old' },
    dropped: { 'B1/a.mat': 'new', 'B1/b.mat': 'new' },
    act: 'replace',
  },
  'a recording that replaces another on another disk': {
    here: { 'data/mat/B1/a.mat': 'old' },
    dropped: { 'B1/a.mat': 'new', 'B1/b.mat': 'new' },
    otherDisk: true,
    act: 'replace',
  },
  'the same again': { here: { 'data/mat/B1/a.mat': 'a' }, dropped: { 'B1/a.mat': 'a' } },
  'a conflict': { here: { 'data/mat/B1/a.mat': 'a' }, dropped: { 'B1/a.mat': 'b' } },
  'something refused': { dropped: { 'B1/a.doc': 'a' } },
}

function prepare({ here = {}, dropped, otherDisk = false }: Situation): InboxLab {
  const it = inboxLab(mats, here)
  if (otherDisk) it.inbox.otherDisks = ['data/mat']
  it.drop(dropped)
  it.clock.tick(quietMs)
  it.acts.mend()
  return it
}

/** Takes the drop; a killed labmake does not come back from it. */
async function run(it: InboxLab, { act }: Situation): Promise<void> {
  if (act === undefined) await it.intake.look('once')
  else {
    await it.intake.take('B1', act, 'ana')
    await it.intake.look('once')
  }
}

/** Everything on the disk but what labmake says itself: contents, sorted. */
function contents(it: InboxLab): string[] {
  const own = Object.entries(it.disk.tree()).filter(([path]) => !path.endsWith('.why.txt'))
  return own.map(([, text]) => text).sort()
}

/** Recordings in their places, each as its files: a half one shows. */
const stored = (it: InboxLab) => it.disk.tree('data')

function expectNothingLeft(it: InboxLab, at: string): void {
  expect(it.claims.slugs, at).toEqual([])
  expect(
    Object.keys(it.disk.tree()).filter((path) => path.includes('.labmake-')),
    at,
  ).toEqual([])
  expect(
    it.disk.names('inbox')?.filter((name) => name !== 'rejected'),
    at,
  ).toEqual([])
}

/** How it ends when nothing goes wrong, and in how many acts. */
async function undisturbed(situation: Situation) {
  const it = prepare(situation)
  await run(it, situation)
  expectNothingLeft(it, 'undisturbed')
  return { acts: it.acts.count, stored: stored(it), contents: contents(it), rejected: it.disk.names('inbox/rejected') }
}

describe.each(Object.entries(situations))('%s', (_, situation) => {
  test('killed before any act, the next labmake finishes it or undoes it (case 50)', async () => {
    const end = await undisturbed(situation)
    expect(end.acts).toBeGreaterThan(4)
    for (let number = 0; number < end.acts; number++) {
      const it = prepare(situation)
      const before = stored(it)
      it.acts.crashAt(number)
      await expect(run(it, situation)).rejects.toThrow(Crash)
      const at = `before act ${number}, after ${it.acts.done.at(-1)}`
      await it.restart()
      it.clock.tick(quietMs)
      await it.intake.look('once')
      expect(contents(it), at).toEqual(end.contents)
      // What a person asked for and was undone is asked for again.
      const undone = situation.act !== undefined && it.disk.names('inbox/rejected') !== undefined
      expect(stored(it), at).toEqual(undone ? before : end.stored)
      if (!undone) expect(it.disk.names('inbox/rejected'), at).toEqual(end.rejected)
      expectNothingLeft(it, at)
      await it.restart()
      expect(it.events, at).toEqual([])
    }
  })

  test('killed twice, it still ends well', async () => {
    const end = await undisturbed(situation)
    for (let number = 0; number < end.acts; number++) {
      for (const again of [0, 1, 2, 3]) {
        const it = prepare(situation)
        it.acts.crashAt(number)
        await expect(run(it, situation)).rejects.toThrow(Crash)
        it.acts.mend()
        it.acts.crashAt(again)
        await it.restartAsItIs().catch(() => {})
        await it.restart()
        it.clock.tick(quietMs)
        await it.intake.look('once')
        expect(contents(it), `${number}, ${again}`).toEqual(end.contents)
        expectNothingLeft(it, `${number}, ${again}`)
      }
    }
  })

  test.each(['once', 'full', 'read-only'] as const)(
    'a disk that fails at any act (%s) loses nothing, is told of, and is tried again',
    async (how) => {
      const end = await undisturbed(situation)
      for (let number = 0; number < end.acts; number++) {
        const it = prepare(situation)
        const before = stored(it)
        it.acts.failAt(number, how === 'once' ? undefined : how)
        const ended = run(it, situation)
        const at = `act ${number}, after ${it.acts.done.at(-1)}`
        // Where the journal cannot take what a person did, the person is told so.
        await ended.catch((fault: unknown) => expect(fault, at).toBeInstanceOf(DiskFault))
        const said = JSON.stringify([it.events, it.journal.records])
        if (how !== 'once') expect(said, at).toMatch(/no space left|read-only|"taken"|"refused"|"conflict"|"same"/)
        it.acts.mend()
        for (let look = 0; look < 3; look++) {
          it.clock.tick(61_000)
          await it.intake.look('once')
        }
        expect(contents(it), at).toEqual(end.contents)
        const undone = situation.act !== undefined && it.disk.names('inbox/rejected') !== undefined
        expect(stored(it), at).toEqual(undone ? before : end.stored)
        expectNothingLeft(it, at)
      }
    },
  )
})

test('a claim that was finished by the next labmake is told of once', async () => {
  const it = prepare(situations['a recording']!)
  it.acts.before('append', () => it.acts.crashAt(0))
  await expect(it.intake.look('once')).rejects.toThrow(Crash)
  await it.restart()
  expect(it.told()).toEqual(['taken B1: data/mat/B1/'])
  const { taken } = await it.intake.look('watch')
  expect(taken).toEqual([{ drop: 'B1', batches: ['B1'], manifests: [] }])
  expect(it.journal.records).toHaveLength(1)
})

test('a claim that was cut short after the journal is not written to it again', async () => {
  const it = prepare(situations['a recording']!)
  it.acts.before('remove claim', () => it.acts.crashAt(0))
  await expect(it.intake.look('once')).rejects.toThrow(Crash)
  expect(it.journal.records).toHaveLength(1)
  await it.restart()
  expect(it.journal.records).toHaveLength(1)
  expect(it.claims.slugs).toEqual([])
})

test('a copy that is written to meanwhile goes back to the inbox', async () => {
  const it = prepare(situations['a recording for another disk']!)
  let meddled = false
  it.inbox.reading = (path) => {
    if (meddled) return
    meddled = true
    it.disk.write(`${path}/late.mat`, 'late')
  }
  await it.intake.look('once')
  expect(it.disk.tree('data')).toEqual({})
  expect(Object.keys(it.disk.tree('inbox'))).toEqual(['inbox/B1/a.mat', 'inbox/B1/b.mat', 'inbox/B1/late.mat'])
  it.clock.tick(quietMs)
  await it.intake.look('once')
  expect(it.disk.read('data/mat/B1/late.mat')).toBe('late')
})

test('what is written to a drop after its copy was made is kept', async () => {
  const it = prepare(situations['a recording for another disk']!)
  it.acts.before('rename data/mat/.labmake-', () => {
    const [claim] = it.claims.left()
    it.disk.write(`${claim!.folder}/B1/late.mat`, 'late')
  })
  await it.intake.look('once')
  expect(Object.keys(it.disk.tree('data/mat'))).toEqual(['data/mat/B1/a.mat', 'data/mat/B1/b.mat'])
  expect(Object.values(it.disk.tree('.labmake/attic'))).toContain('late')
})

test('where something came to be meanwhile, nothing is overwritten, and the drop is judged anew', async () => {
  const it = prepare(situations['a recording']!)
  it.acts.before('write claim', () => it.disk.write('data/mat/B1/other.mat', 'other'))
  await it.intake.look('once')
  expect(it.disk.tree('data')).toEqual({ 'data/mat/B1/other.mat': 'other' })
  expect(it.disk.read('inbox/B1/a.mat')).toBe('a')
  it.clock.tick(quietMs)
  await it.intake.look('once')
  expect(it.intake.drops()).toMatchObject([{ name: 'B1', state: { kind: 'conflict' } }])
})

test('a full disk is told of once for all drops alike, not for each of them at each look', async () => {
  const it = inboxLab()
  for (let i = 0; i < 20; i++) it.drop({ [`B${i}/a.mat`]: 'a' })
  it.clock.tick(quietMs)
  it.acts.failAt(0, 'full')
  for (let look = 0; look < 5; look++) {
    await it.intake.look('once')
    it.clock.tick(61_000)
  }
  expect(it.told().filter((text) => text.startsWith('trouble'))).toHaveLength(5)
  expect(it.intake.drops().map(({ state }) => state.kind)).toEqual(Array(20).fill('stalled'))
  it.acts.mend()
  const { taken } = await it.intake.look('once')
  expect(taken).toHaveLength(20)
})

test('where somebody else fills the place of what is replaced, all three are kept', async () => {
  const situation = situations['a recording that replaces another']!
  const it = prepare(situation)
  const { place } = it.inbox
  it.inbox.place = (from, to) => {
    if (to === 'data/mat/B1') it.disk.write('data/mat/B1/third.mat', 'third')
    return place(from, to)
  }
  const { done, text } = await it.intake.take('B1', 'replace', 'ana')
  expect([done, text]).toEqual([false, expect.stringContaining('B1 is in the inbox again')])
  expect(it.disk.tree('data')).toEqual({ 'data/mat/B1/third.mat': 'third' })
  expect(Object.keys(it.disk.tree('inbox'))).toEqual(['inbox/B1/a.mat', 'inbox/B1/b.mat'])
  expect(Object.values(it.disk.tree('.labmake/attic'))).toEqual(['old', 'old'])
  expect(it.claims.slugs).toEqual([])
})

describe('a drop that was on its way as labmake was killed, and whose name another one has meanwhile', () => {
  async function killedAtB1(dropped: string): Promise<InboxLab> {
    const it = prepare(situations['a recording']!)
    it.acts.before('rename inbox/B1', () => it.acts.crashAt(0))
    await expect(it.intake.look('once')).rejects.toThrow(Crash)
    it.drop({ 'B1/a.mat': dropped, 'B1/deep/b.mat': 'b' })
    it.clock.tick(quietMs)
    await it.restart()
    return it
  }

  test('waits until that is taken, and is known to be the same', async () => {
    const it = await killedAtB1('a')
    await it.intake.look('once')
    expect(it.journal.records).toMatchObject([
      { outcome: { kind: 'taken' } },
      { drop: 'B1', outcome: { kind: 'same' } },
    ])
    expectNothingLeft(it, 'after one look')
  })

  test('waits until that is taken, and is a conflict by its own name where it differs', async () => {
    const it = await killedAtB1('other')
    await it.intake.look('once')
    expect(it.intake.drops()).toMatchObject([{ name: 'B1', state: { kind: 'conflict', with: 'data/mat/B1/' } }])
    expect([it.disk.read('data/mat/B1/a.mat'), it.disk.read('inbox/rejected/B1/a.mat')]).toEqual(['other', 'a'])
    expectNothingLeft(it, 'after one look')
  })

  test('is taken by an engine that stays, too, once its name is free', async () => {
    const it = await killedAtB1('a')
    expect(await it.settle()).toEqual(['B1'])
    await it.settle()
    expect(it.journal.records).toMatchObject([
      { outcome: { kind: 'taken' } },
      { drop: 'B1', outcome: { kind: 'same' } },
    ])
    expectNothingLeft(it, 'after a while')
  })

  test('stays whole in its folder as long as that still arrives', async () => {
    const it = await killedAtB1('a')
    it.drop({ 'B1/c.mat.part': 'c' })
    await it.intake.look('once')
    expect(it.disk.tree('data')).toEqual({})
    expect(contents(it)).toEqual(['a', 'a', 'b', 'b', 'c'])
    it.disk.delete('inbox/B1')
    await it.restart()
    await it.intake.look('once')
    expect(it.disk.read('data/mat/B1/a.mat')).toBe('a')
    expectNothingLeft(it, 'after the other one went')
  })
})

test.each([
  ['a year back', -365 * 86_400_000],
  ['a day ahead', 86_400_000],
])('a clock that is set %s neither puts off nor hastens a drop that a full disk kept back', async (_, stepMs) => {
  for (const fails of [0, 3]) {
    const it = prepare(situations['a recording']!)
    it.acts.failAt(fails, 'full')
    await it.intake.look('once')
    expect(it.told().join()).toContain('no space left')
    it.acts.mend()
    it.clock.set(stepMs)
    await it.intake.look('once')
    expect(stored(it), `act ${fails}`).toEqual({})
    it.clock.tick(61_000)
    await it.intake.look('once')
    expect(it.disk.read('data/mat/B1/a.mat'), `act ${fails}`).toBe('a')
  }
})
