import { expect, test } from 'vitest'
import { type Lab, lab, settled, type Underway } from '../fakes/lab.ts'

const rule = (name: string, pool: unknown) => ({
  [name]: { sources: 'data/{batch}', targets: `${name}/{batch}`, pool, recipe: `${name} {source} {target}` },
})
const gpu = { slots: 2, shared: true }
const rules = {
  pools: { gpu, ram: 1 },
  rules: { ...rule('sort', 'gpu'), ...rule('fit', { gpu: 1, ram: 1 }), ...rule('scan', 'ram') },
}
const two = { 'data/B1': 'd', 'data/B2': 'd' }

function at(content: object = rules, files: Record<string, string> = two): Lab {
  const it = lab(content, files)
  it.launcher.hold()
  return it
}
const gpuOf = ({ engine }: Underway) => engine.board().pools.get('gpu')
const finish = (it: Lab, job: string) => {
  it.launcher.of(job).make()
  it.launcher.of(job).end()
  return settled()
}

test('slots that others have are not ours', async () => {
  const it = at()
  it.sharedSlots.others.set('gpu', 1)
  it.start({ goals: ['sort'] })
  await settled()
  expect(it.launcher.ran).toEqual(['sort/B1'])
})

test('a job that waits for others starts within a second once they gave back', async () => {
  const it = at()
  it.sharedSlots.others.set('gpu', 2)
  const build = it.start({ goals: ['sort/B1'] })
  await settled()
  expect(it.launcher.ran).toEqual([])
  expect(gpuOf(build)).toMatchObject({ slots: 2, shared: { usedByOthers: 2, holders: [{ root: '/srv/ben' }] } })
  it.sharedSlots.others.set('gpu', 0)
  it.clock.tick(1000)
  await settled()
  expect(it.launcher.ran).toEqual(['sort/B1'])
  expect(gpuOf(build)).toMatchObject({ shared: { usedByOthers: 0 } })
})

test('slots are given back when the job has ended, also one that failed', async () => {
  const it = at()
  it.start({ goals: ['sort'] })
  await settled()
  expect(it.sharedSlots.taken.size).toBe(2)
  await finish(it, 'sort/B1')
  it.launcher.of('sort/B2').end({ status: 'failed', cause: { kind: 'exit', code: 1 } })
  await settled()
  expect(it.sharedSlots.taken.size).toBe(0)
})

test('the recipe is started with what was granted, and so it is written down', async () => {
  const it = at()
  it.start({ goals: ['sort/B1'] })
  await settled()
  expect(it.launcher.of('sort/B1').grant).toBe('grant-1')
  expect(it.attempts.left()).toMatchObject([{ job: 'sort/B1', grant: 'grant-1' }])
})

test('a job that turns out to have nothing to do gives its slot back', async () => {
  const it = at()
  it.sharedSlots.others.set('gpu', 2)
  it.start({ goals: ['sort/B1'] })
  await settled()
  it.disk.delete('data/B1')
  it.sharedSlots.others.clear()
  it.clock.tick(1000)
  await settled()
  expect([it.launcher.ran, it.sharedSlots.taken.size]).toEqual([[], 0])
})

test('no job holds a private slot while it waits for a shared one', async () => {
  const it = at()
  it.sharedSlots.others.set('gpu', 2)
  it.start({ goals: ['fit/B1', 'scan/B1'] })
  await settled()
  expect(it.launcher.ran).toEqual(['scan/B1'])
  expect(it.sharedSlots.wish).toBeUndefined()
  await finish(it, 'scan/B1')
  expect(it.sharedSlots.wish).toEqual({ gpu: 1 })
})

test('one that is refused a slot which is kept for others makes way for what needs none', async () => {
  const it = at()
  it.sharedSlots.kept.set('gpu', 2)
  const rank = { ...rules.rules, ...{ fit: { ...rules.rules.fit, priority: 1 } } }
  it.edit({ ...rules, rules: rank })
  it.start({ goals: ['fit/B1', 'scan/B1'] })
  await settled()
  expect(it.launcher.ran).toEqual(['scan/B1'])
})

test('a pool that a person paused is not waited for', async () => {
  const it = at()
  it.sharedSlots.others.set('gpu', 2)
  const { engine } = it.start({ goals: ['sort'], mode: 'watch' })
  await settled()
  expect(it.sharedSlots.wish).toEqual({ gpu: 1 })
  await engine.act({ type: 'pause', pool: 'gpu' }, 'ana')
  await settled()
  expect(it.sharedSlots.wish).toBeUndefined()
})

test('where another workspace gives the pool fewer slots, these count, and it is said once', async () => {
  const it = at()
  it.sharedSlots.elsewhere.set('gpu', 1)
  const build = it.start({ goals: ['sort'] })
  await settled()
  expect(it.launcher.ran).toEqual(['sort/B1'])
  expect(gpuOf(build)).toMatchObject({ slots: 1, declared: 2 })
  it.clock.tick(1000)
  await settled()
  expect(build.events.flatMap((event) => (event.type === 'trouble' ? [event.message] : []))).toEqual([
    'the shared pool gpu has 2 slots here and 1 in /srv/ben (ben): the smallest number counts, 1. Give it the same in both.',
  ])
})

test('where nobody can know what others have, jobs wait and it is said what to do; what needs none goes on', async () => {
  const it = at()
  it.sharedSlots.trouble = { status: 'shut', problem: 'no folder', hint: 'Make it.' }
  const build = it.start({ goals: ['sort/B1', 'scan/B1'] })
  await settled()
  expect(it.launcher.ran).toEqual(['scan/B1'])
  expect(build.events).toContainEqual(
    expect.objectContaining({ type: 'trouble', message: 'no folder', hint: 'Make it.' }),
  )
  expect(gpuOf(build)).toMatchObject({ shared: { note: 'no folder. Make it.' } })
  it.sharedSlots.trouble = undefined
  it.clock.tick(1000)
  await settled()
  expect(it.launcher.ran).toEqual(['scan/B1', 'sort/B1'])
})

test('a watch hears of others also while no job of its own waits', async () => {
  const it = at(rules, {})
  const watch = it.start({ mode: 'watch' })
  await settled()
  it.sharedSlots.others.set('gpu', 1)
  it.clock.tick(10_000)
  await settled()
  expect(gpuOf(watch)).toMatchObject({ shared: { usedByOthers: 1 } })
})

test('an attempt that is taken over keeps what was granted until it ends', async () => {
  const it = at()
  const dead = it.start({ goals: ['sort/B1'] })
  await settled()
  it.dies()
  void dead.outcomes.catch(() => undefined)
  const { running } = await it.recover()
  it.start({ adopted: running, goals: ['sort/B1'] })
  await settled()
  expect(it.sharedSlots.taken.size).toBe(1)
  await finish(it, 'sort/B1')
  expect(it.sharedSlots.taken.size).toBe(0)
})

const memory = {
  pools: { ram: { size: '64GB', shared: true } },
  rules: { ...rule('sort', { ram: '24GB' }) },
}

test('memory that others have is not ours, and is taken and told in bytes', async () => {
  const it = at(memory)
  it.sharedSlots.others.set('ram', 20e9)
  const { engine } = it.start()
  await settled()
  expect(it.launcher.ran).toEqual(['sort/B1'])
  expect([...it.sharedSlots.taken.values()]).toEqual([{ ram: 24e9 }])
  expect(it.sharedSlots.wish).toEqual({ ram: 24e9 })
  expect(engine.board().pools.get('ram')).toMatchObject({
    slots: 64e9,
    counts: 'bytes',
    shared: { usedByOthers: 20e9 },
  })
})

test('of a pool that another workspace counts otherwise nothing is started, and it is said once', async () => {
  const it = at(memory)
  it.sharedSlots.otherwise.set('ram', 'slots')
  it.sharedSlots.elsewhere.set('ram', 2)
  const { events, engine } = it.start()
  await settled()
  it.clock.tick(1000)
  await settled()
  expect(it.launcher.ran).toEqual([])
  const note =
    'the shared pool ram has 64 GB here and 2 slots in /srv/ben (ben): nothing of it can be had until both count slots or both memory, and what runs by the other has ended'
  expect(events.filter(({ type }) => type === 'trouble')).toMatchObject([{ message: note }])
  expect(engine.board().pools.get('ram')).toMatchObject({ shared: { note } })
})
