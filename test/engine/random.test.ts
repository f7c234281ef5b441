import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StartedAttempt } from '../../src/engine/attempt.ts'
import type { Outcome } from '../../src/engine/entry.ts'
import { batch, batches, type Change, change, rules, sound, World } from '../fakes/world.ts'

// One property over all of it: random rules, random changes, failures and kills, at any parallelism. What labmake did is
// compared with an oracle.

interface Step {
  readonly changes: readonly Change[]
  /** Jobs whose recipe fails in this step. */
  readonly failing: readonly string[]
  /** Which of the running recipes ends next. */
  readonly picks: readonly number[]
  readonly maxJobs: number | undefined
  /** labmake is killed before this act, and a new one starts after `meanwhile`. */
  readonly crash:
    | { readonly act: number; readonly meanwhile: readonly Change[]; readonly recipesEnd: boolean }
    | undefined
}

const step: fc.Arbitrary<Step> = fc.record({
  changes: fc.array(change, { maxLength: 4 }),
  failing: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    fc.array(
      fc.tuple(fc.nat(3), batch).map(([rule, b]) => `r${rule}/${b}`),
      { maxLength: 3 },
    ),
  ),
  picks: fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }),
  maxJobs: fc.constantFrom(undefined, undefined, 1, 2),
  crash: fc.option(
    fc.record({ act: fc.nat(60), meanwhile: fc.array(change, { maxLength: 2 }), recipesEnd: fc.boolean() }),
    { nil: undefined, freq: 3 },
  ),
})

/** labmake is killed; what runs may end, files may change; the next one takes over. */
async function crashed(
  world: World,
  crash: NonNullable<Step['crash']>,
  picks: readonly number[],
): Promise<readonly StartedAttempt[]> {
  const { acts, launcher } = world.it
  acts.mend()
  acts.crashAt(crash.act)
  const build = world.it.start()
  build.outcomes.catch(() => undefined)
  await world.drive(build, picks)
  acts.mend()
  world.it.dies()
  world.apply(crash.meanwhile)
  if (crash.recipesEnd) for (const recipe of launcher.running()) world.end(recipe)
  const { running, troubles } = await world.it.recover()
  expect(troubles).toEqual([])
  return running
}

async function live(world: World, { changes, failing, picks, maxJobs, crash }: Step): Promise<void> {
  const { it } = world
  world.apply(changes)
  world.failing = failing
  if (crash !== undefined) {
    const adopted = await crashed(world, crash, picks)
    await world.drive(it.start({ adopted }), picks)
    // A recipe whose job exists no more is waited for by nobody: labmake may be through before it ends. It ends some time,
    // and the next labmake settles it.
    for (const recipe of it.launcher.running()) world.end(recipe)
    await it.recover()
  }
  const planned = it.stale()
  const before = it.launcher.recipes.length
  const build = it.start(maxJobs === undefined ? {} : { maxJobs })
  await world.drive(build, picks)
  const outcomes = await build.outcomes
  const ended = (outcome: Outcome) => [...outcomes].filter(([, o]) => o === outcome).map(([id]) => id)
  expect([...it.launcher.ran.slice(before), ...ended('blocked')].sort(), 'the dry run').toEqual(planned.toSorted())
  const failed = [...ended('failed'), ...ended('blocked')]
  for (const { i, b, id } of world.places()) {
    const expected = failed.includes(id) ? undefined : world.expected(i, b)
    if (expected === undefined) continue
    expect(world.made(i, b), `${id} is what its recipe makes of the sources as they are`).toBe(expected)
  }
  expect(
    it.stale().filter((id) => !failed.includes(id)),
    'still stale',
  ).toEqual([])
  expect(Object.keys(it.disk.tree()).filter((path) => path.includes('.labmake-'))).toEqual([])
  expect(it.attempts.left()).toEqual([])
}

test('whatever happens, every target is what its recipe makes of its sources, and nothing ran for nothing', async () => {
  await fc.assert(
    fc.asyncProperty(rules, fc.array(step, { minLength: 1, maxLength: 5 }), async (random, steps) => {
      const world = new World(sound(random))
      world.apply(batches.slice(0, 2).map((b) => ({ kind: 'write', batch: b, file: 0, old: 0 })))
      for (const one of steps) await live(world, one)
    }),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 100) },
  )
}, 60_000)
