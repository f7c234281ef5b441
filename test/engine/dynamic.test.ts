import { expect, test } from 'vitest'
import { lab, settled } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'

/** A recipe makes a folder of parts that nobody knows before; each part is converted; all of a batch go into one table. */
const rules = {
  rules: {
    split: { sources: 'data/{batch}.mat', targets: 'data/parts/{batch}/', recipe: 'split {source} {target}' },
    convert: {
      sources: 'data/parts/{batch}/{part}.txt',
      targets: 'data/out/{batch}/{part}.out',
      recipe: 'convert {source} {target}',
    },
    table: { sources: 'data/out/{batch}/*.out', targets: 'data/{batch}.tsv', recipe: 'table {target} {sources}' },
  },
}

/** `parts` are what split makes. */
function labOf(parts: () => readonly string[]) {
  const it = lab(rules, { 'data/B1.mat': 'm' })
  const works = it.launcher.script
  it.launcher.script = (recipe) => {
    if (!recipe.job.startsWith('split')) return works(recipe)
    it.clock.tick()
    for (const part of parts()) it.disk.write(`${recipe.targets[0]!.staged}/${part}.txt`, part)
    recipe.end()
  }
  return it
}

test('jobs that exist only once a rule ran are found and made in the same build', async () => {
  const it = labOf(() => ['a', 'b'])
  expect(await it.build()).toEqual(['split/B1', 'convert/B1/a', 'convert/B1/b', 'table/B1'])
  expect(it.launcher.recipes.at(-1)!.words.slice(2)).toEqual(['data/out/B1/a.out', 'data/out/B1/b.out'])
  expect(it.stale()).toEqual([])
})

test('jobs that turn up are told of as an event', async () => {
  const it = labOf(() => ['a'])
  const { outcomes, events } = it.start()
  await outcomes
  const planned = events.filter((e) => e.type === 'planned')
  expect(planned[1]!.jobs.map(({ id, status }) => `${id} ${status.state}`)).toEqual([
    'convert/B1/a queued',
    'table/B1 waiting',
  ])
})

test('a part more in a later build: it is converted, and the table is made of all parts in the same build', async () => {
  const parts = ['a']
  const it = labOf(() => parts)
  await it.build()
  it.disk.write('data/B1.mat', 'm2')
  parts.push('b')
  await it.build()
  expect(it.launcher.recipes.at(-1)!.words.slice(2)).toEqual(['data/out/B1/a.out', 'data/out/B1/b.out'])
  expect(it.stale()).toEqual([])
})

test('a part less in a later build: what was made of it is orphaned, the rest is up to date at the end', async () => {
  let parts = ['a', 'b']
  const it = labOf(() => parts)
  await it.build()
  it.disk.write('data/B1.mat', 'm2')
  parts = ['a']
  await it.build()
  expect(it.stale()).toEqual([])
  expect(it.plan().plan.orphaned.map((o) => o.target)).toEqual(['data/out/B1/b.out'])
})

test('a table of all batches is made again in the same build for a batch that turned up after it', async () => {
  const all = {
    rules: {
      phy: { sources: 'data/{batch}.kwd', targets: 'phy/{batch}/', pool: { cpu: 4 }, recipe: 's {source} {target}' },
      table: { sources: 'phy/*/made', targets: 'table.tsv', priority: 1, recipe: 'table {target} {sources}' },
    },
  }
  const it = lab(all, { 'data/B1.kwd': 'k' })
  await it.build()
  it.disk.write('data/B1.kwd', 'k2')
  it.disk.write('data/B2.kwd', 'k')
  it.launcher.hold()
  const { outcomes } = it.start()
  await settled()
  for (let running = it.launcher.running(); running.length > 0; running = it.launcher.running()) {
    running[0]!.make()
    running[0]!.end()
    await settled()
  }
  await outcomes
  expect(it.launcher.recipes.at(-1)!.words).toEqual(['table', expect.any(String), 'phy/B1/made', 'phy/B2/made'])
  expect(it.stale()).toEqual([])
})

test('a job that turns up behind a failed one is told of, and then blocked', async () => {
  const it = lab(
    {
      rules: {
        split: rules.rules.split,
        probe: { sources: 'data/{batch}.mat', targets: 'data/{batch}.probe', recipe: 'probe {source} {target}' },
        convert: {
          sources: ['data/parts/{batch}/{part}.txt', 'data/{batch}.probe'],
          targets: 'data/out/{batch}/{part}.out',
          recipe: 'convert {sources} {target}',
        },
      },
    },
    { 'data/B1.mat': 'm' },
  )
  it.launcher.script = (recipe) => {
    if (recipe.job === 'probe/B1') return recipe.end(exitWith(1))
    it.disk.write(`${recipe.targets[0]!.staged}/a.txt`, 'a')
    recipe.end()
  }
  const { outcomes, events } = it.start()
  expect(Object.fromEntries(await outcomes)).toMatchObject({ 'split/B1': 'done', 'convert/B1/a': 'blocked' })
  expect(events.slice(-2).map((e) => e.type)).toEqual(['planned', 'blocked'])
})

test('jobs that make each other stale do not run for ever', async () => {
  const it = lab(
    { rules: { a: { sources: 'in/{batch}', targets: 'a/{batch}', recipe: 'a {source} {target}' } } },
    { 'in/B1': 'x', 'in/B2': 'x' },
  )
  const works = it.launcher.script
  // Somebody writes on and on to what was read already.
  it.launcher.script = (recipe) => {
    works(recipe)
    if (recipe.job === 'a/B2') it.disk.write('in/B1', String(it.clock.now()))
    else it.disk.write('in/B2', String(it.clock.now()))
  }
  const ran = await it.build()
  expect(ran.length).toBeLessThan(12)
})
