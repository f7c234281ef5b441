import { expect, test } from 'vitest'
import { lab, settled } from '../fakes/lab.ts'
import type { FakeLauncher } from '../fakes/launcher.ts'

const kwd = (more: object) => ({
  sources: 'data/{batch}.mat',
  targets: 'kwd/{batch}.kwd',
  recipe: 'd {source} {target}',
  ...more,
})
const phy = (more: object) => ({
  sources: 'kwd/{batch}.kwd',
  targets: 'phy/{batch}/',
  recipe: 's {source} {target}',
  ...more,
})
const mats = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`data/B${i + 1}.mat`, 'm']))
const jobs = (launcher: FakeLauncher) => launcher.running().map((recipe) => recipe.job)

async function finish(launcher: FakeLauncher, job: string) {
  launcher.of(job).make()
  launcher.of(job).end()
  await settled()
}

test('never two de-noisings at a time, and sorts beside them', async () => {
  const it = lab(
    { pools: { ram: 1, cpu: 4 }, rules: { denoise: kwd({ pool: 'ram' }), phy: phy({ pool: 'cpu' }) } },
    mats(3),
  )
  it.launcher.hold()
  const { outcomes } = it.start()
  await settled()
  const seen: string[][] = []
  while (it.launcher.running().length > 0) {
    seen.push(jobs(it.launcher))
    await finish(it.launcher, jobs(it.launcher).at(-1)!)
  }
  await outcomes
  expect(Math.max(...seen.map((now) => now.filter((job) => job.startsWith('denoise')).length))).toBe(1)
  expect(seen.some((now) => now.some((j) => j.startsWith('phy')) && now.some((j) => j.startsWith('denoise')))).toBe(
    true,
  )
})

test('a job that needs ram and gpu holds no gpu while ram is taken', async () => {
  const it = lab(
    {
      pools: { ram: 1, gpu: 1 },
      rules: {
        big: kwd({ pool: 'ram', priority: 2 }),
        both: kwd({ targets: 'both/{batch}', pool: { ram: 1, gpu: 1 }, priority: 1 }),
        small: kwd({ targets: 'small/{batch}', pool: 'gpu' }),
      },
    },
    mats(1),
  )
  it.launcher.hold()
  const { stop, outcomes } = it.start()
  await settled()
  expect(jobs(it.launcher)).toEqual(['big/B1', 'small/B1'])
  await finish(it.launcher, 'big/B1')
  expect(jobs(it.launcher)).toEqual(['small/B1'])
  await finish(it.launcher, 'small/B1')
  expect(jobs(it.launcher)).toEqual(['both/B1'])
  stop()
  it.launcher.of('both/B1').end({ status: 'cancelled' })
  await outcomes
})

test('-j limits all pools together', async () => {
  const it = lab({ pools: { cpu: 8 }, rules: { denoise: kwd({}) } }, mats(5))
  it.launcher.hold()
  const { outcomes } = it.start({ maxJobs: 2 })
  await settled()
  expect(jobs(it.launcher)).toEqual(['denoise/B1', 'denoise/B2'])
  it.launcher.script = (recipe) => {
    recipe.make()
    recipe.end()
  }
  for (const job of jobs(it.launcher)) await finish(it.launcher, job)
  await outcomes
})

test('a job of 4 slots among many of 1 is not starved', async () => {
  const it = lab(
    {
      pools: { cpu: 4 },
      rules: { wide: kwd({ pool: { cpu: 4 }, targets: 'wide/{batch}', sources: 'wide/{batch}.in' }), narrow: kwd({}) },
    },
    { ...mats(60), 'wide/A.in': 'w' },
  )
  it.launcher.hold()
  const { outcomes } = it.start()
  await settled()
  for (let i = 0; i < 61; i++) await finish(it.launcher, jobs(it.launcher)[0]!)
  await outcomes
  expect(it.launcher.ran.indexOf('wide/A')).toBeLessThan(20)
})

test('a job that waits for ram keeps no cpu from others, however often they pass it', async () => {
  const it = lab(
    {
      pools: { ram: 1, cpu: 2 },
      rules: {
        big: kwd({ pool: { ram: 1, cpu: 1 }, priority: 1, sources: 'big/{batch}.in', targets: 'big/{batch}' }),
        narrow: kwd({}),
      },
    },
    { ...mats(20), 'big/A1.in': 'b', 'big/A2.in': 'b' },
  )
  it.launcher.hold()
  const { outcomes } = it.start()
  await settled()
  for (let i = 0; i < 20; i++) {
    expect(jobs(it.launcher)).toEqual(['big/A1', `narrow/B${i + 1}`])
    await finish(it.launcher, `narrow/B${i + 1}`)
  }
  await finish(it.launcher, 'big/A1')
  await finish(it.launcher, 'big/A2')
  await outcomes
})

test('with -j 2 a de-noising that waits for ram keeps no sort from running', async () => {
  const it = lab(
    {
      pools: { ram: 1, cpu: 4 },
      rules: { denoise: kwd({ pool: 'ram', priority: 1 }), other: kwd({ targets: 'o/{batch}' }) },
    },
    mats(12),
  )
  it.launcher.hold()
  const { outcomes } = it.start({ maxJobs: 2 })
  await settled()
  for (let i = 1; i <= 12; i++) {
    expect(jobs(it.launcher)).toEqual(['denoise/B1', `other/B${i}`])
    await finish(it.launcher, `other/B${i}`)
  }
  while (it.launcher.running().length > 0) await finish(it.launcher, jobs(it.launcher)[0]!)
  await outcomes
})

test('of two jobs that could start, the one on the longer path goes first', async () => {
  const it = lab(
    { pools: { cpu: 1 }, rules: { aside: kwd({ targets: 'aside/{batch}' }), denoise: kwd({}), phy: phy({}) } },
    mats(1),
  )
  expect(await it.build()).toEqual(['denoise/B1', 'aside/B1', 'phy/B1'])
})

test('higher priority starts sooner', async () => {
  const it = lab(
    { pools: { cpu: 1 }, rules: { first: kwd({}), urgent: kwd({ targets: 'u/{batch}', priority: 5 }) } },
    mats(2),
  )
  expect(await it.build()).toEqual(['urgent/B1', 'urgent/B2', 'first/B1', 'first/B2'])
})

test('a batch that was begun goes before one that was not', async () => {
  const it = lab({ pools: { cpu: 1 }, rules: { denoise: kwd({}), phy: phy({}) } }, { ...mats(2), 'kwd/B2.kwd': 'k' })
  expect((await it.build())[0]).toBe('phy/B2')
})

test('slots of an attempt that an earlier labmake started count', async () => {
  const it = lab({ pools: { ram: 1 }, rules: { denoise: kwd({ pool: 'ram' }) } }, mats(2))
  it.launcher.hold()
  void it.start()
  await settled()
  const { running } = await it.recover()
  expect(running.map(({ state }) => state.job)).toEqual(['denoise/B1'])
  const second = it.start({ adopted: running })
  await settled()
  expect(it.launcher.ran).toEqual(['denoise/B1'])
  expect(second.events[1]).toMatchObject({ type: 'adopted', job: 'denoise/B1', attempt: 1 })
})
