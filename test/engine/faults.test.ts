import { describe, expect, test } from 'vitest'
import { type Lab, lab } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'

const rules = {
  rules: {
    both: {
      sources: 'data/{batch}.mat',
      targets: ['kwd/{batch}.kwd', 'phy/{batch}/'],
      recipe: 'r {source} {targets}',
    },
  },
}

/** Targets that a recipe made are there, and one more attempt is due. */
async function remake(): Promise<Lab> {
  const it = lab(rules, { 'data/B1.mat': 'm' })
  it.launcher.script = (recipe) => {
    recipe.make(`version ${it.launcher.recipes.length}`)
    recipe.end()
  }
  await it.build()
  it.disk.write('data/B1.mat', 'm2')
  return it
}

/** Targets that a person edited, to be made again: the old ones must survive in the attic. */
async function rebuild(): Promise<Lab> {
  const it = await remake()
  it.disk.write('kwd/B1.kwd', 'curated')
  it.disk.write('phy/B1/made', 'curated')
  await it.rebuild('both/B1')
  return it
}

async function first(): Promise<Lab> {
  const it = lab(rules, { 'data/B1.mat': 'm' })
  it.launcher.script = (recipe) => {
    recipe.make(`version ${it.launcher.recipes.length}`)
    recipe.end()
  }
  return it
}

const situations = [
  ['a first attempt', first, undefined],
  ['a later attempt', remake, 'version 1'],
  ['a rebuild over edited targets', rebuild, 'curated'],
] as const

/** The contents of both targets. */
const targets = (it: Lab) => [it.disk.read('kwd/B1.kwd'), it.disk.read('phy/B1/made')]

/** How many acts a whole attempt takes. */
async function countActs(prepare: () => Promise<Lab>): Promise<number> {
  const it = await prepare()
  it.acts.mend()
  await it.build()
  return it.acts.done.length
}

/** Each attempt that the journal has as started came to one end, and nothing ended that had not started. */
function expectOneEndEach(it: Lab, at: string): void {
  const attempts = (types: readonly string[]) =>
    it.journal.records.flatMap((r) => (types.includes(r.type) && 'attempt' in r ? [r.attempt] : []))
  expect(attempts(['made', 'failed', 'cancelled']), at).toEqual(attempts(['started']))
}

describe.each(situations)('%s', (_, prepare, old) => {
  test.each(['once', 'full', 'read-only'] as const)(
    'with a disk that fails at any act (%s) keeps whole targets',
    async (how) => {
      const acts = await countActs(prepare)
      expect(acts).toBeGreaterThan(10)
      for (let number = 0; number < acts; number++) {
        const it = await prepare()
        const next = `version ${it.launcher.recipes.length + 1}`
        it.acts.mend()
        it.acts.failAt(number, how === 'once' ? undefined : how)
        const { outcomes, events } = it.start()
        const outcome = (await outcomes).get('both/B1')
        const at = `act ${number}, ${it.acts.done.at(-1)}`
        if (outcome === 'done') expect(targets(it), at).toEqual([next, next])
        else for (const target of targets(it)) expect(how === 'read-only' ? [old, next] : [old], at).toContain(target)
        expect(JSON.stringify(events), at).toMatch(/no space left|read-only/)
        it.acts.mend()
        if (how !== 'read-only') expect(it.stale(), at).toEqual(outcome === 'done' ? [] : ['both/B1'])
      }
    },
  )

  test('with a disk that cannot even undo is finished or undone by the next labmake', async () => {
    const acts = await countActs(prepare)
    for (let number = 0; number < acts; number++) {
      const it = await prepare()
      const next = `version ${it.launcher.recipes.length + 1}`
      it.acts.mend()
      it.acts.failAt(number, 'read-only')
      await it.build()
      it.acts.mend()
      const at = `act ${number}`
      expect((await it.recover()).troubles, at).toEqual([])
      const now = targets(it)
      expect([old, next], at).toContain(now[0])
      expect(now[1], at).toBe(now[0])
      expect(it.stale(), at).toEqual(now[0] === next ? [] : ['both/B1'])
      if (old === 'curated' && now[0] === next) expectInAttic(it, at)
    }
  })

  test('with a disk that failed at any act is made by the next labmake, and nothing is left lying about', async () => {
    const acts = await countActs(prepare)
    for (let number = 0; number < acts; number++) {
      const it = await prepare()
      it.acts.mend()
      it.acts.failAt(number)
      await it.build()
      it.acts.mend()
      const at = `act ${number}`
      expect((await it.recover()).troubles, at).toEqual([])
      await it.build()
      const [kwd, phy] = targets(it)
      expect(kwd, at).toMatch(/^version/)
      expect(phy, at).toBe(kwd)
      expect(it.stale(), at).toEqual([])
      expect(it.attempts.left(), at).toEqual([])
      expect(Object.keys(it.disk.tree('kwd')), at).toEqual(['kwd/B1.kwd'])
      expect(Object.keys(it.disk.tree('phy')), at).toEqual(['phy/B1/made'])
      if (old === 'curated') expectInAttic(it, at)
    }
  })

  test('killed before any act is finished or undone by the next labmake', async () => {
    const acts = await countActs(prepare)
    for (let number = 0; number < acts; number++) {
      const it = await prepare()
      const before = it.journal.records.length
      const next = `version ${it.launcher.recipes.length + 1}`
      it.acts.mend()
      it.acts.crashAt(number)
      await it.build().catch(() => undefined)
      it.acts.mend()
      const at = `before act ${number}`
      // Each target is whole at any instant, though of two targets one may be new and one old until the next start.
      for (const target of targets(it)) expect([old, next], at).toContain(target)
      expect((await it.recover()).troubles, at).toEqual([])
      const now = targets(it)
      const made = it.journal.records.slice(before).filter((record) => record.type === 'made')
      expect(now, at).toEqual(made.length === 1 ? [next, next] : [old, old])
      expect(made.length, at).toBeLessThan(2)
      expectOneEndEach(it, at)
      expect(it.stale(), at).toEqual(made.length === 1 ? [] : ['both/B1'])
      expect(it.attempts.left(), at).toEqual([])
      expect(
        Object.keys(it.disk.tree()).filter((path) => path.includes('.labmake-')),
        at,
      ).toEqual([])
      if (old === 'curated' && made.length === 1) expectInAttic(it, at)
    }
  })

  test('killed in the middle of the recovery too, at any act, still ends well', async () => {
    const acts = await countActs(prepare)
    for (let number = 0; number < acts; number++) {
      for (let second = 0; second < 8; second++) {
        const it = await prepare()
        const next = `version ${it.launcher.recipes.length + 1}`
        it.acts.mend()
        it.acts.crashAt(number)
        await it.build().catch(() => undefined)
        it.acts.mend()
        it.acts.crashAt(second)
        await it.recover().catch(() => undefined)
        it.acts.mend()
        const at = `before act ${number}, then ${second}`
        expect((await it.recover()).troubles, at).toEqual([])
        const made = it.journal.records.filter((r) => r.type === 'made' && r.attempt === it.launcher.recipes.length)
        expect(targets(it), at).toEqual(targets(it)[0] === next ? [next, next] : [old, old])
        expect(made.length, at).toBeLessThan(2)
        expectOneEndEach(it, at)
        if (old === 'curated' && targets(it)[0] === next) expectInAttic(it, at)
      }
    }
  })
})

test('killed before any act of an attempt that fails: the journal has its failure once, and what it wrote is kept', async () => {
  const failing = async () => {
    const it = await first()
    it.launcher.script = (recipe) => {
      recipe.make('half')
      recipe.end(exitWith(3))
    }
    return it
  }
  const acts = await countActs(failing)
  for (let number = 0; number < acts; number++) {
    for (let second = 0; second < 8; second++) {
      const it = await failing()
      it.acts.mend()
      it.acts.crashAt(number)
      await it.build().catch(() => undefined)
      it.acts.mend()
      it.acts.crashAt(second)
      await it.recover().catch(() => undefined)
      it.acts.mend()
      const at = `before act ${number}, then ${second}`
      expect((await it.recover()).troubles, at).toEqual([])
      expectOneEndEach(it, at)
      expect(it.attempts.left(), at).toEqual([])
      const ran = it.launcher.recipes.length
      const failures = it.journal.records.filter((r) => r.type === 'failed')
      expect(failures.length, at).toBe(ran)
    }
  }
})

test('what a person edits after a kill, before the next start, is never lost', async () => {
  const acts = await countActs(remake)
  for (let number = 0; number < acts; number++) {
    const it = await remake()
    it.acts.mend()
    it.acts.crashAt(number)
    await it.build().catch(() => undefined)
    it.acts.mend()
    it.clock.tick()
    it.disk.write('kwd/B1.kwd', 'curated')
    it.disk.write('phy/B1/made', 'curated')
    await it.recover()
    await it.build()
    const kept = Object.entries(it.disk.tree()).filter(([, content]) => content === 'curated')
    expect(kept, `before act ${number}`).toHaveLength(2)
  }
})

test('a target that a person edited after it was put into place stays there, though the commit was cut short', async () => {
  const it = await remake()
  it.acts.before('append made', () => {
    it.disk.write('phy/B1/made', 'curated')
    it.dies()
  })
  await it.build().catch(() => undefined)
  await it.recover()
  expect(targets(it)).toEqual(['version 2', 'curated'])
  expect(it.verdict('both/B1')).toBe('up-to-date: phy/B1/made was edited since the recipe made it')
})

test('what a person edits while the new version is flushed goes to the attic', async () => {
  const it = await remake()
  it.acts.before('flush', () => {
    it.disk.write('kwd/B1.kwd', 'curated')
    it.disk.write('phy/B1/made', 'curated')
  })
  await it.build()
  expect(targets(it)).toEqual(['version 2', 'version 2'])
  expectInAttic(it, 'flush')
})

test('a fault in clearing away is told of, and the target counts as made', async () => {
  const it = await remake()
  it.acts.before('append made', () => it.acts.failAt(it.acts.count + 1))
  const { outcomes, events } = it.start()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'both/B1': 'done' })
  expect(events).toContainEqual(expect.objectContaining({ type: 'trouble' }))
})

test('a commit that was left behind does not come back over a later one', async () => {
  const it = await remake()
  // Placed and put back, but that cannot be written down: the intent to commit version 2 stays.
  it.acts.before('append made', () => it.acts.failAt(it.acts.count, 'full'))
  await it.build()
  it.acts.mend()
  expect(targets(it)).toEqual(['version 1', 'version 1'])
  expect(it.attempts.left()).toHaveLength(1)
  await it.build()
  expect(targets(it)).toEqual(['version 3', 'version 3'])
  await it.recover()
  expect(targets(it)).toEqual(['version 3', 'version 3'])
  expect(it.stale()).toEqual([])
  expect(it.attempts.left()).toEqual([])
})

function expectInAttic(it: Lab, at: string): void {
  const attic = Object.entries(it.disk.tree('.labmake/attic'))
  const kept = attic.filter(([, content]) => content === 'curated').map(([path]) => path.replace(/^[^Z]*Z\//, ''))
  expect(kept, at).toEqual(['kwd/B1.kwd', 'phy/B1/made'])
}

test('of a clock that is set back between two rebuilds nothing in the attic is replaced', async () => {
  const it = await rebuild()
  const atMs = it.clock.now()
  await it.build()
  it.disk.write('kwd/B1.kwd', 'curated again')
  it.disk.write('phy/B1/made', 'curated again')
  await it.rebuild('both/B1')
  it.clock.set(atMs - it.clock.now())
  await it.build()
  const kept = Object.values(it.disk.tree('.labmake/attic'))
  expect(kept.sort()).toEqual(['curated', 'curated', 'curated again', 'curated again'])
})
