import { expect, test } from 'vitest'
import { type Lab, lab, settled } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'
import { nextEngine, watching } from '../fakes/watching.ts'

const denoise = { sources: 'mat/{batch}', targets: 'kwd/{batch}', pool: 'ram', recipe: 'd {source} {target}' }
const wide = {
  sources: 'mat/{batch}',
  targets: 'wide/{batch}',
  pool: { ram: 2 },
  priority: 1,
  recipe: 'w {source} {target}',
}
const other = { sources: 'mat/{batch}', targets: 'other/{batch}', pool: 'cpu', recipe: 'o {source} {target}' }
const mats = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`mat/B${i + 1}`, '']))
const content = { pools: { ram: 2, cpu: 1 }, rules: { denoise } }

const runs = (it: Lab) =>
  it.launcher
    .running()
    .map((r) => r.job)
    .sort()

test('a paused pool ends nothing and starts nothing, other pools go on, and resume starts what waited', async () => {
  const it = lab({ ...content, rules: { denoise, other } }, mats(4))
  const { act, end, board } = await watching(it)
  expect(runs(it)).toEqual(['denoise/B1', 'denoise/B2', 'other/B1'])
  await act({ type: 'pause', pool: 'ram' }, 'bob')
  expect(board().pools.get('ram')).toEqual({ name: 'ram', slots: 2, declared: 2, counts: 'slots', pausedBy: 'bob' })
  await end('denoise/B1')
  await end('other/B1')
  expect(runs(it)).toEqual(['denoise/B2', 'other/B2'])
  await act({ type: 'resume', pool: 'ram' })
  expect(runs(it)).toEqual(['denoise/B2', 'denoise/B3', 'other/B2'])
  expect(board().pools.get('ram')!.pausedBy).toBeUndefined()
})

test('a pause lasts through plans and new rules, and ends with the engine', async () => {
  const it = lab(content, mats(4))
  const { act, end, changed, board } = await watching(it)
  await act({ type: 'pause', pool: 'ram' })
  it.edit({ ...content, pools: { ram: 3, cpu: 1 } })
  await changed()
  await end('denoise/B1')
  expect(runs(it)).toEqual(['denoise/B2'])
  expect(board().pools.get('ram')).toEqual({ name: 'ram', slots: 3, declared: 3, counts: 'slots', pausedBy: 'ana' })
  it.dies()
  await nextEngine(it)
  expect(runs(it)).toEqual(['denoise/B2', 'denoise/B3', 'denoise/B4'])
})

test('more slots start more at once', async () => {
  const it = lab(content, mats(4))
  const { act, board } = await watching(it)
  await act({ type: 'slots', pool: 'ram', slots: 3 })
  expect(runs(it)).toHaveLength(3)
  expect(board().pools.get('ram')).toEqual({ name: 'ram', slots: 3, declared: 2, counts: 'slots', pausedBy: undefined })
})

test('fewer slots than are used end nothing, and start nothing until they are free', async () => {
  const it = lab(content, mats(4))
  const { act, end } = await watching(it)
  const { text } = await act({ type: 'slots', pool: 'ram', slots: 1 })
  expect(text).toBe('ram has 1 slot now, until the engine ends. What runs goes on.')
  expect(it.launcher.running().map((r) => r.cancelled)).toEqual([[], []])
  await end('denoise/B1')
  expect(runs(it)).toEqual(['denoise/B2'])
  await end('denoise/B2')
  expect(runs(it)).toEqual(['denoise/B3'])
})

test('no slots at all are as a pause', async () => {
  const it = lab(content, mats(4))
  const { act, end, states } = await watching(it)
  await act({ type: 'slots', pool: 'ram', slots: 0 })
  await end('denoise/B1')
  await end('denoise/B2')
  expect(runs(it)).toEqual([])
  expect(states()['denoise/B3']).toBe('queued')
  expect((await act({ type: 'slots', pool: 'ram', slots: 'declared' })).text).toBe(
    'ram has 2 slots now, as the rules say.',
  )
  expect(runs(it)).toEqual(['denoise/B3', 'denoise/B4'])
})

test('jobs that are wider than a pool has become wait, say so, and keep no slots from others', async () => {
  const it = lab({ pools: { ram: 2 }, rules: { denoise, wide } }, mats(12))
  const { act, end, states } = await watching(it)
  expect(runs(it)).toEqual(['wide/B1'])
  const { text } = await act({ type: 'slots', pool: 'ram', slots: 1 })
  expect(text).toBe(
    'ram has 1 slot now, until the engine ends. What runs goes on. 11 jobs need more than that, and wait.',
  )
  await end('wide/B1')
  for (let n = 0; n < 12; n++) {
    expect(runs(it)).toEqual([expect.stringMatching(/^denoise/)])
    await end(runs(it)[0]!)
  }
  expect(states()['wide/B2']).toBe('queued')
  await act({ type: 'slots', pool: 'ram', slots: 'declared' })
  expect(runs(it)).toEqual([expect.stringMatching(/^wide/)])
})

test('one job that needs more than the pool has is spoken of as one', async () => {
  const it = lab({ pools: { ram: 2 }, rules: { wide } }, mats(2))
  const { act } = await watching(it)
  const { text } = await act({ type: 'slots', pool: 'ram', slots: 1 })
  expect(text).toBe(
    'ram has 1 slot now, until the engine ends. What runs goes on. 1 job needs more than that, and waits.',
  )
})

test('slots that a person changed stay when the rules change theirs, until he says what the rules say', async () => {
  const it = lab(content, mats(9))
  const { act, changed, board } = await watching(it)
  await act({ type: 'slots', pool: 'ram', slots: 3 })
  it.edit({ ...content, pools: { ram: 5, cpu: 1 } })
  await changed()
  expect(board().pools.get('ram')).toMatchObject({ slots: 3, declared: 5 })
  expect(runs(it)).toHaveLength(3)
  await act({ type: 'slots', pool: 'ram', slots: 'declared' })
  expect(board().pools.get('ram')).toMatchObject({ slots: 5, declared: 5 })
  expect(runs(it)).toHaveLength(5)
})

test('a rule file that gives a pool more slots starts more; one that takes some ends nothing', async () => {
  const it = lab(content, mats(9))
  const { changed, end, board } = await watching(it)
  it.edit({ ...content, pools: { ram: 4, cpu: 1 } })
  await changed()
  expect(runs(it)).toHaveLength(4)
  it.edit({ ...content, pools: { ram: 1, cpu: 1 } })
  await changed()
  expect(runs(it)).toHaveLength(4)
  expect(board().pools.get('ram')).toMatchObject({ slots: 1 })
  for (const job of runs(it).slice(0, 3)) await end(job)
  expect(runs(it)).toHaveLength(1)
})

test('a rule that moves to another pool: what runs keeps the slots that it took, and is shown with them', async () => {
  const it = lab({ pools: { ram: 1, cpu: 1 }, rules: { denoise, other } }, mats(3))
  const { changed, end, board } = await watching(it)
  expect(runs(it)).toEqual(['denoise/B1', 'other/B1'])
  it.edit({ pools: { ram: 1, cpu: 1 }, rules: { denoise: { ...denoise, pool: 'cpu' }, other } })
  await changed()
  expect(runs(it)).toEqual(['denoise/B1', 'other/B1'])
  expect(board().jobs.get('denoise/B1')!.pools).toEqual({ ram: 1 })
  expect(board().jobs.get('denoise/B2')!.pools).toEqual({ cpu: 1 })
  await end('denoise/B1')
  expect(runs(it)).toEqual(['other/B1'])
  await end('other/B1')
  expect(runs(it)).toHaveLength(1)
})

test('a pool that was paused says so when its slots are changed', async () => {
  const { act } = await watching(lab(content, mats(2)))
  await act({ type: 'pause', pool: 'ram' }, 'bob')
  const { text } = await act({ type: 'slots', pool: 'ram', slots: 5 })
  expect(text).toBe('ram has 5 slots now, until the engine ends. It is paused by bob all the same.')
})

test('a build whose pool a person paused waits, and ends once it went on', async () => {
  const it = lab(content, mats(3))
  it.launcher.hold()
  const { engine, outcomes } = it.start()
  await settled()
  await engine.act({ type: 'pause', pool: 'ram' }, 'ana')
  for (const job of runs(it)) it.launcher.of(job).end(exitWith(1))
  await settled()
  expect(await Promise.race([outcomes, settled().then(() => 'waits')])).toBe('waits')
  await engine.act({ type: 'resume', pool: 'ram' }, 'ana')
  await settled()
  it.launcher.of('denoise/B3').end(exitWith(1))
  expect([...(await outcomes).values()]).toEqual(['failed', 'failed', 'failed'])
})

test('a build whose pool a person paused can be stopped', async () => {
  const it = lab(content, mats(3))
  it.launcher.hold()
  const { engine, outcomes, stop } = it.start()
  await engine.act({ type: 'pause', pool: 'ram' }, 'ana')
  await settled()
  for (const job of runs(it)) it.launcher.of(job).end(exitWith(1))
  await settled()
  stop()
  expect([...(await outcomes).values()]).toEqual(['failed', 'failed', 'not-started'])
})

test('-j counts what was taken over', async () => {
  const it = lab({ pools: { cpu: 8 }, rules: { other } }, mats(3))
  it.launcher.hold()
  void it.start({ maxJobs: 1 }).outcomes.catch(() => undefined)
  await settled()
  it.dies()
  const { running } = await it.recover()
  void it.start({ maxJobs: 1, adopted: running })
  await settled()
  expect(runs(it)).toEqual(['other/B1'])
})

test('a wide job that was passed over often does not keep slots for itself the next time it is stale', async () => {
  const late = { ...wide, sources: 'in/{batch}' }
  const it = lab({ pools: { ram: 2 }, rules: { denoise, wide: late } }, mats(30))
  const { end, changed } = await watching(it)
  it.disk.write('in/A', '')
  await changed('A')
  for (let n = 0; n < 12 && !runs(it).includes('wide/A'); n++) await end(runs(it)[0]!)
  expect(it.launcher.ran.length).toBeGreaterThan(8)
  await end('wide/A')
  it.disk.write('in/A', 'longer')
  await changed('A')
  await end(runs(it)[0]!)
  expect(runs(it)).toHaveLength(2)
})

test('slots that are what the rules say again follow the rules from then on', async () => {
  const it = lab(content, mats(9))
  const { act, changed, board } = await watching(it)
  const declare = async (ram: number) => {
    it.edit({ ...content, pools: { ram, cpu: 1 } })
    await changed()
    return board().pools.get('ram')!.slots
  }
  await act({ type: 'slots', pool: 'ram', slots: 3 })
  await act({ type: 'slots', pool: 'ram', slots: 2 })
  expect(await declare(4)).toBe(4)
  const { undo } = await act({ type: 'slots', pool: 'ram', slots: 1 })
  expect(await declare(5)).toBe(1)
  await act(undo!)
  expect(board().pools.get('ram')!.slots).toBe(5)
})
