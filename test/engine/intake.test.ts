import { describe, expect, test } from 'vitest'
import { type InboxLab, inboxLab, mats, quietMs } from '../fakes/inboxLab.ts'

const table = 'batch\tomit\nB1\tPort_20\n'

describe('settling', () => {
  test('a folder is taken once it was still for the quiet window, and not before (case 45)', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'a' })
    for (let second = 0; second < 30; second += 5) {
      expect((await it.intake.look('watch')).taken, `after ${second} s`).toEqual([])
      it.drop({ [`B1/part ${second}.mat`]: 'more' })
      it.clock.tick(5000)
    }
    expect(await it.settle()).toEqual(['B1'])
    expect(Object.keys(it.disk.tree())).toHaveLength(7)
    expect(Object.keys(it.disk.tree('data/mat/B1'))).toHaveLength(7)
  })

  test('each state is told once, and again only when it changes', async () => {
    const it = inboxLab()
    it.drop({ 'B1/.a.mat.Xy12': 'a' })
    await it.intake.look('watch')
    await it.intake.look('watch')
    it.disk.delete('inbox/B1/.a.mat.Xy12')
    it.drop({ 'B1/a.mat': 'whole' })
    await it.intake.look('watch')
    await it.settle()
    expect(it.told()).toEqual([
      'arriving B1: .a.mat.Xy12 is still being copied, by its name',
      'arriving B1: it is still changing',
      'settling B1: whole: about to be taken',
      'taken B1: data/mat/B1/',
    ])
  })

  test('the next look is asked for when something could change, and not while nothing is there', async () => {
    const it = inboxLab()
    expect((await it.intake.look('watch')).againInMs).toBeUndefined()
    it.drop({ 'B1/a.mat': 'a' })
    expect((await it.intake.look('watch')).againInMs).toBe(500)
    it.clock.tick(15_000)
    expect((await it.intake.look('watch')).againInMs).toBe(500)
    it.clock.tick(14_900)
    expect((await it.intake.look('watch')).againInMs).toBe(100)
    it.clock.tick(100)
    expect((await it.intake.look('watch')).againInMs).toBeUndefined()
  })

  test('a drop that somebody takes out of the inbox again is withdrawn', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'a' })
    await it.intake.look('watch')
    it.disk.delete('inbox/B1')
    await it.settle()
    expect(it.told().at(-1)).toBe('withdrawn B1')
    expect(it.intake.drops()).toEqual([])
  })

  test('a drop that is renamed settles anew by its new name', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'a' })
    await it.intake.look('watch')
    it.clock.tick(29_000)
    await it.disk.writer.rename('inbox/B1', 'inbox/B2')
    expect((await it.intake.look('watch')).taken).toEqual([])
    expect(await it.settle()).toEqual(['B2'])
  })

  test('what is written to between the look and the claim goes back and settles anew', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'a' })
    it.acts.before('rename inbox/B1', () => it.drop({ 'B1/b.mat': 'late' }))
    expect(await it.settle()).toEqual([])
    expect(it.disk.read('inbox/B1/b.mat')).toBe('late')
    expect(it.disk.tree('data')).toEqual({})
    expect(await it.settle()).toEqual(['B1'])
    expect(it.disk.read('data/mat/B1/b.mat')).toBe('late')
  })

  test('one look takes what nothing changed in for the quiet window, and tells of the rest', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'a' })
    it.clock.tick(quietMs)
    it.drop({ 'B2/a.mat': 'a', 'B3/a.mat.part': 'a' })
    it.disk.age('inbox/B3/a.mat.part', { seconds: 60 })
    const { taken } = await it.intake.look('once')
    expect(taken.map(({ drop }) => drop)).toEqual(['B1'])
    expect(it.intake.drops().map(({ name, state }) => `${name} ${state.kind}`)).toEqual(['B2 settling', 'B3 arriving'])
  })

  test('a watch makes the inbox, a single look does not', async () => {
    const it = inboxLab()
    await it.intake.look('once')
    expect(it.disk.stat('inbox')).toBeUndefined()
    await it.intake.look('watch')
    expect(it.disk.stat('inbox')?.kind).toBe('folder')
  })
})

describe('taking', () => {
  test('what was taken is told with its batches and manifests, the manifest first', async () => {
    const it = inboxLab()
    it.drop({ 's4/B1/a.mat': 'a', 's4/B2/a.mat': 'b', 's4/manifest.tsv': table })
    it.clock.tick(quietMs)
    const { taken } = await it.intake.look('once')
    expect(taken).toEqual([{ drop: 's4', batches: ['B1', 'B2'], manifests: ['data/manifests/s4.tsv'] }])
    const renames = it.acts.done.filter((act) => act.startsWith('rename') && act.includes('→ data/'))
    expect(renames.map((act) => act.replace(/^.*→ /, ''))).toEqual([
      'data/manifests/s4.tsv',
      'data/mat/B1',
      'data/mat/B2',
    ])
    expect(it.disk.tree('inbox')).toEqual({})
  })

  test('a manifest that is dropped beside a recording is taken before it', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'a', 'zoe.tsv': table })
    expect(await it.settle()).toEqual(['zoe.tsv', 'B1'])
  })

  test('the journal keeps what became of a drop', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'four' })
    await it.settle()
    expect(it.journal.records).toEqual([
      {
        type: 'drop',
        at: new Date(it.clock.now()).toISOString(),
        drop: 'B1',
        outcome: { kind: 'taken', stored: ['data/mat/B1/'], files: 1, bytes: 4 },
      },
    ])
  })

  test('READY and what desktops leave in a folder of recordings are kept in the attic', async () => {
    const it = inboxLab()
    it.drop({ 's/B1/a.mat': 'a', 's/.DS_Store': 'd', 's/READY': '' })
    await it.settle()
    expect(it.disk.tree('.labmake/attic')).toEqual({
      '.labmake/attic/2026-01-05T09-00-15Z/inbox/s/.DS_Store': 'd',
      '.labmake/attic/2026-01-05T09-00-15Z/inbox/s/READY': '',
    })
  })

  test('an empty folder, or one with litter alone, is no recording that could stand in the way', async () => {
    const it = inboxLab(mats, { 'data/mat/B1/': '', 'data/mat/B2/.DS_Store': 'd' })
    it.drop({ 'B1/a.mat': 'a', 'B2/a.mat': 'b' })
    expect(await it.settle()).toEqual(['B1', 'B2'])
    expect([it.disk.read('data/mat/B1/a.mat'), it.disk.read('data/mat/B2/a.mat')]).toEqual(['a', 'b'])
    expect(Object.values(it.disk.tree('.labmake/attic'))).toEqual(['d'])
  })

  test('ten thousand drops at once are each taken once, and told of in portions (case 51)', async () => {
    const it = inboxLab()
    const names = Array.from({ length: 10_000 }, (_, i) => `B${i}`)
    it.drop(Object.fromEntries(names.map((name) => [`${name}/a.mat`, name])))
    it.clock.tick(quietMs)
    const { taken } = await it.intake.look('once')
    expect(taken.map(({ drop }) => drop)).toEqual(names)
    expect(it.journal.records).toHaveLength(10_000)
    expect(it.disk.names('inbox')).toEqual([])
    expect((await it.intake.look('once')).taken).toEqual([])
  })

  test('a look that takes long tells of what it took, and the next goes on', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': '1', 'B2/a.mat': '2', 'B3/a.mat': '3' })
    for (let i = 0; i < 3; i++) {
      await it.intake.look('watch')
      it.clock.tick(quietMs / 2)
    }
    it.drop({ 'C1/a.mat': '1', 'C2/a.mat': '2', 'C3/a.mat': '3' })
    await it.intake.look('watch')
    it.clock.tick(quietMs / 2)
    await it.intake.look('watch')
    it.clock.tick(quietMs / 2)
    it.acts.before('rename inbox/C1', () => it.clock.tick(600))
    const first = await it.intake.look('watch')
    expect([first.taken.map(({ drop }) => drop), first.againInMs]).toEqual([['C1'], 0])
    const second = await it.intake.look('watch')
    expect([second.taken.map(({ drop }) => drop), second.againInMs]).toEqual([['C2', 'C3'], undefined])
  })

  test('looks that overlap take nothing twice', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.mat': 'a' })
    it.clock.tick(quietMs)
    const looks = await Promise.all([it.intake.look('once'), it.intake.look('once'), it.intake.look('once')])
    expect(looks.flatMap(({ taken }) => taken)).toHaveLength(1)
  })
})

describe('what is here already', () => {
  test('the same again changes nothing, and is kept in the attic (case 47)', async () => {
    const it = inboxLab(mats, { 'data/mat/B1/a.mat': 'a' })
    it.drop({ 'B1/a.mat': 'a' })
    expect(await it.settle()).toEqual([])
    expect(it.told().at(-1)).toBe('same B1: data/mat/B1/')
    expect(it.disk.tree()).toEqual({
      'data/mat/B1/a.mat': 'a',
      '.labmake/attic/2026-01-05T09-00-30Z/inbox/B1/a.mat': 'a',
    })
    expect(it.journal.records.map((record) => 'outcome' in record && record.outcome)).toEqual([
      { kind: 'same', as: ['data/mat/B1/'], attic: '.labmake/attic/2026-01-05T09-00-30Z/inbox/B1' },
    ])
  })

  test.each([
    ['other content', { 'B1/a.mat': 'b' }, 'a.mat has other content than the one that is here'],
    ['another size', { 'B1/a.mat': 'aa' }, 'a.mat has another size than the one that is here'],
    ['one more file', { 'B1/a.mat': 'a', 'B1/b.mat': 'b' }, 'b.mat is not here'],
    ['one file less', { 'B1/c.mat': 'a' }, 'a.mat, which is here, was not dropped'],
  ])('the same name with %s is put aside, and nothing is overwritten (case 48)', async (_, files, why) => {
    const it = inboxLab(mats, { 'data/mat/B1/a.mat': 'a' })
    it.drop(files)
    expect(await it.settle()).toEqual([])
    expect(it.told().at(-1)).toBe(`conflict B1: data/mat/B1/ is here already, and ${why}`)
    expect(it.disk.tree('data')).toEqual({ 'data/mat/B1/a.mat': 'a' })
    for (const [path, text] of Object.entries(files)) expect(it.disk.read(`inbox/rejected/${path}`)).toBe(text)
    expect(it.disk.read('inbox/rejected/B1.why.txt')).toContain(why)
    expect(it.disk.read('inbox/rejected/B1.why.txt')).toContain('labmake inbox take B1 --replace')
  })

  test('of a folder of recordings the new ones are taken and the ones that are here are kept in the attic', async () => {
    const it = inboxLab(mats, { 'data/mat/B1/a.mat': 'a' })
    it.drop({ 's/B1/a.mat': 'a', 's/B2/a.mat': 'b' })
    await it.settle()
    expect(it.told().at(-1)).toBe('taken s: data/mat/B2/')
    expect(Object.keys(it.disk.tree('.labmake/attic'))).toEqual([
      '.labmake/attic/2026-01-05T09-00-30Z/inbox/s/B1/a.mat',
    ])
  })

  test('a folder of recordings with one in conflict is not taken at all', async () => {
    const it = inboxLab(mats, { 'data/mat/B2/a.mat': 'a' })
    it.drop({ 's/B1/a.mat': 'a', 's/B2/a.mat': 'b' })
    expect(await it.settle()).toEqual([])
    expect(Object.keys(it.disk.tree('data'))).toEqual(['data/mat/B2/a.mat'])
    expect(Object.keys(it.disk.tree('inbox/rejected/s'))).toHaveLength(2)
  })

  test('two drops with one batch: the first is taken, the second compared with it', async () => {
    const it = inboxLab()
    it.drop({ 's1/B1/a.mat': 'a', 's2/B1/a.mat': 'a', 's3/B1/a.mat': 'other' })
    await it.settle()
    expect(it.told().filter((text) => !text.startsWith('settling'))).toEqual([
      'taken s1: data/mat/B1/',
      'same s2: data/mat/B1/',
      'conflict s3: data/mat/B1/ is here already, and a.mat has another size than the one that is here',
    ])
  })

  test('a new version of a manifest is taken, and the old one is kept', async () => {
    const it = inboxLab(mats, { 'data/manifests/ana.tsv': table })
    it.drop({ 'ana.tsv': 'batch\tomit\nB1\tPort_21\nB2\t\n' })
    expect(await it.settle()).toEqual(['ana.tsv'])
    expect(it.disk.read('data/manifests/ana.tsv')).toContain('Port_21')
    expect(it.disk.tree('.labmake/attic')).toEqual({
      '.labmake/attic/2026-01-05T09-00-30Z/data/manifests/ana.tsv': table,
    })
  })

  test("a manifest that would wipe somebody else's rows is in conflict", async () => {
    const it = inboxLab(mats, { 'data/manifests/manifest.tsv': table })
    it.drop({ 'manifest.tsv': 'batch\tomit\nB2\tx\n' })
    expect(await it.settle()).toEqual([])
    expect(it.told().at(-1)).toBe(
      'conflict manifest.tsv: data/manifests/manifest.tsv is here already, and it has rows that this one lacks: B1',
    )
    expect(it.disk.read('data/manifests/manifest.tsv')).toBe(table)
  })

  test("a recording's own manifest, dropped again with it, does not make it another recording", async () => {
    const it = inboxLab()
    const files = { 'B1/a.mat': 'a', 'B1/manifest.tsv': table }
    it.drop(files)
    await it.settle()
    it.drop(files)
    await it.settle()
    expect(it.told().at(-1)).toBe('same B1: data/manifests/B1.tsv, data/mat/B1/')
    expect(it.disk.tree('data')).toEqual({ 'data/mat/B1/a.mat': 'a', 'data/manifests/B1.tsv': table })
  })

  test('a manifest that is here already is taken out of its new recording', async () => {
    const it = inboxLab(mats, { 'data/manifests/B1.tsv': table })
    it.drop({ 'B1/a.mat': 'a', 'B1/manifest.tsv': table })
    await it.settle()
    expect(it.disk.tree('data/mat')).toEqual({ 'data/mat/B1/a.mat': 'a' })
    expect(Object.keys(it.disk.tree('.labmake/attic'))).toEqual(['.labmake/attic/2026-01-05T09-00-30Z/inbox/B1.tsv'])
  })

  test('a name that differs by case alone is refused, also of a batch taken a moment ago or known from a manifest', async () => {
    const it = inboxLab()
    it.batches = ['M7']
    it.drop({ 'B1/a.mat': 'a', 'b1/a.mat': 'a', 'm7/a.mat': 'm' })
    expect(await it.settle()).toHaveLength(1)
    expect(it.told().filter((text) => text.startsWith('refused'))).toEqual([
      expect.stringMatching(/^refused [bB]1: there is a batch [bB]1 already, whose name differs/),
      expect.stringMatching(/^refused m7: there is a batch M7 already/),
    ])
  })
})

describe('refused', () => {
  test('what cannot be taken lies in rejected/ with the reason beside it, and the journal knows', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.doc': 'a' })
    await it.settle()
    expect(it.disk.read('inbox/rejected/B1/a.doc')).toBe('a')
    expect(it.disk.read('inbox/rejected/B1.why.txt')).toMatch(/^B1 was not taken .*\n\nWhy: no rule takes a\.doc/)
    expect(it.journal.records).toMatchObject([{ type: 'drop', drop: 'B1', outcome: { kind: 'refused', kept: 'B1' } }])
    expect(it.intake.drops()).toMatchObject([{ name: 'B1', files: 1, bytes: 1, state: { kind: 'refused' } }])
  })

  test('a second one of that name is kept beside the first', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.doc': 'first' })
    await it.settle()
    it.drop({ 'B1/a.doc': 'second' })
    await it.settle()
    expect(it.disk.read('inbox/rejected/B1/a.doc')).toBe('first')
    expect(it.disk.read('inbox/rejected/B1 (2)/a.doc')).toBe('second')
    expect(it.intake.drops().map(({ name }) => name)).toEqual(['B1', 'B1 (2)'])
    expect(it.board()).toEqual(['B1 (2) refused', 'B1 refused'])
  })

  test('the next labmake still knows which are in conflict and which were refused', async () => {
    const it = inboxLab(mats, { 'data/mat/B1/a.mat': 'a' })
    it.drop({ 'B1/a.mat': 'b', 'B2/a.doc': 'a' })
    await it.settle()
    it.disk.write('inbox/rejected/by hand/x', '')
    await it.restart()
    await it.intake.look('watch')
    expect(it.told()).toEqual([
      'conflict B1: data/mat/B1/ is here already, and a.mat has other content than the one that is here',
      expect.stringMatching(/^refused B2: no rule takes a\.doc/),
      'refused by hand: it was refused earlier',
    ])
  })

  test('a new drop hides an earlier one of its name that was refused, until it is taken', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.doc': 'a' })
    await it.settle()
    it.drop({ 'B1/a.mat': 'a' })
    await it.intake.look('watch')
    expect(it.intake.drops()).toMatchObject([{ name: 'B1', state: { kind: 'settling' } }])
    await it.settle()
    expect(it.intake.drops()).toMatchObject([{ name: 'B1', state: { kind: 'refused' } }])
    expect(it.board()).toEqual(['B1 refused'])
  })

  test('what a person removes from rejected/ is listed no more', async () => {
    const it = inboxLab()
    it.drop({ 'B1/a.doc': 'a' })
    await it.settle()
    it.disk.delete('inbox/rejected/B1')
    await it.intake.look('watch')
    expect([it.told().at(-1), it.intake.drops()]).toEqual(['withdrawn B1', []])
  })
})

describe('long work', () => {
  const large = 'x'.repeat(17e6)

  /** A comparison of a large drop that waits until it is let go. */
  function held(it: InboxLab): { letGo: () => void } {
    let letGo = () => {}
    const gate = new Promise<void>((resolve) => {
      letGo = resolve
    })
    it.inbox.reading = () => gate
    return { letGo: () => letGo() }
  }

  test('a long comparison does not hold up the other drops', async () => {
    const it = inboxLab(mats, { 'data/mat/B1/a.mat': large })
    const { letGo } = held(it)
    it.drop({ 'B1/a.mat': large, 'B2/a.mat': 'b' })
    expect(await it.settle()).toEqual(['B2'])
    expect(it.told()).toContain('taking B1: it is being compared or moved to its place')
    expect(it.disk.names('inbox')).toHaveLength(1)
    letGo()
    await it.intake.idle()
    expect(it.wakes).toBe(1)
    expect(it.told().at(-1)).toBe('same B1: data/mat/B1/')
  })

  test('a drop that belongs where another is on its way to waits for that one, and holds up nobody', async () => {
    const it = inboxLab()
    it.inbox.otherDisks = ['data/mat']
    const { letGo } = held(it)
    it.drop({ 's1/B1/a.mat': large, 's2/B1/a.mat': large, 's2/B2/a.mat': 'b', 'ana.tsv': table })
    expect(await it.settle()).toEqual(['ana.tsv'])
    letGo()
    await it.intake.idle()
    const { taken } = await it.intake.look('watch')
    expect(taken.map(({ drop, batches }) => `${drop}: ${batches}`)).toEqual(['s1: B1', 's2: B2'])
  })

  test('one look alone waits for all of it', async () => {
    const it = inboxLab(mats, { 'data/mat/B1/a.mat': large })
    it.drop({ 'B1/a.mat': `${large.slice(1)}y` })
    it.clock.tick(quietMs)
    const { letGo } = held(it)
    const look = it.intake.look('once')
    await it.turns()
    letGo()
    await look
    expect(it.intake.drops()).toMatchObject([{ name: 'B1', state: { kind: 'conflict' } }])
  })

  test('no more than two large drops are read at a time, whatever waits', async () => {
    const files = Array.from({ length: 5 }, (_, i) => `B${i}/a.mat`)
    const it = inboxLab(mats, Object.fromEntries(files.map((file) => [`data/mat/${file}`, large])))
    let reading = 0
    let most = 0
    it.inbox.reading = async () => {
      most = Math.max(most, ++reading)
      await it.turns()
      reading--
    }
    it.drop(Object.fromEntries(files.map((file) => [file, large])))
    await it.settle()
    await it.intake.idle()
    expect([most, it.told().filter((text) => text.startsWith('same'))]).toEqual([
      2,
      files.map((_, i) => `same B${i}: data/mat/B${i}/`),
    ])
  })
})
