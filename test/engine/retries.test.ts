import { expect, test } from 'vitest'
import { lab, settled } from '../fakes/lab.ts'
import { exitWith } from '../fakes/launcher.ts'

const rules = (more: object) => ({
  pools: { cpu: 1 },
  rules: {
    denoise: { sources: 'data/{batch}.mat', targets: 'data/{batch}.kwd', recipe: 'r {source} {target}', ...more },
  },
})
const timeout = { status: 'failed', cause: { kind: 'timeout', timeoutMs: 60_000 } } as const

test('a timeout and then a success: two attempts, two logs, one target', async () => {
  const it = lab(rules({ retries: 1, backoff: '10s', timeout: '1m' }), { 'data/B1.mat': 'm' })
  it.launcher.hold()
  const { outcomes } = it.start()
  await settled()
  expect(it.launcher.of('denoise/B1').timeoutMs).toBe(60_000)
  it.launcher.of('denoise/B1').end(timeout)
  await settled()
  expect(it.launcher.running()).toEqual([])
  it.clock.tick(it.clock.waits()[0])
  await settled()
  it.launcher.of('denoise/B1').make()
  it.launcher.of('denoise/B1').end()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B1': 'done' })
  expect(it.launcher.recipes.map((r) => r.log)).toEqual([
    '.labmake/logs/denoise/B1/1.log',
    '.labmake/logs/denoise/B1/2.log',
  ])
  expect(it.stale()).toEqual([])
})

test('the wait doubles with each retry, within a quarter', async () => {
  const it = lab(rules({ retries: 3, backoff: '10s' }), { 'data/B1.mat': 'm' })
  it.launcher.script = (recipe) => recipe.end(exitWith(1))
  const { outcomes, events } = it.start()
  for (let i = 0; i < 3; i++) {
    await settled()
    it.clock.tick(it.clock.waits()[0])
  }
  await outcomes
  const waits = events.flatMap((e) => (e.type === 'failed' ? [e.retryInMs] : []))
  for (const [i, ms] of [10_000, 20_000, 40_000].entries()) {
    expect(waits[i]).toBeGreaterThanOrEqual(ms * 0.75)
    expect(waits[i]).toBeLessThanOrEqual(ms * 1.25)
  }
  expect(waits[3]).toBeUndefined()
})

test('a job that waits for its retry holds no slot', async () => {
  const it = lab(rules({ retries: 1, backoff: '10s' }), { 'data/B1.mat': 'm', 'data/B2.mat': 'm' })
  it.launcher.hold()
  const { outcomes } = it.start()
  await settled()
  it.launcher.of('denoise/B1').end(exitWith(1))
  await settled()
  expect(it.launcher.running().map((r) => r.job)).toEqual(['denoise/B2'])
  for (const _ of [1, 2]) {
    const [recipe] = it.launcher.running()
    recipe!.make()
    recipe!.end()
    await settled()
    it.clock.tick(20_000)
    await settled()
  }
  expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B1': 'done', 'denoise/B2': 'done' })
})

test('a command that does not exist is not tried again', async () => {
  const it = lab(rules({ retries: 5 }), { 'data/B1.mat': 'm' })
  const cause = { kind: 'no-command', command: 'r', problem: 'there is no such command here' } as const
  it.launcher.script = (recipe) => recipe.end({ status: 'failed', cause })
  expect(await it.build()).toEqual(['denoise/B1'])
})

test('a stop during the wait for a retry ends the build at once', async () => {
  const it = lab(rules({ retries: 1, backoff: '1h' }), { 'data/B1.mat': 'm' })
  it.launcher.script = (recipe) => recipe.end(exitWith(1))
  const { outcomes, stop } = it.start()
  await settled()
  stop()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B1': 'failed' })
})

test.each([
  { kind: 'no-start', problem: 'too many open files' },
  { kind: 'disk', action: 'write', path: '.labmake/logs/1.log', problem: 'too many open files on this machine' },
] as const)('what the machine had no room for just then is tried again, unasked: %j', async (cause) => {
  const it = lab(rules({}), { 'data/B1.mat': 'm' })
  it.launcher.hold()
  const { outcomes } = it.start()
  await settled()
  it.launcher.of('denoise/B1').end({ status: 'failed', cause })
  await settled()
  it.clock.tick(it.clock.waits()[0])
  await settled()
  it.launcher.of('denoise/B1').make()
  it.launcher.of('denoise/B1').end()
  expect(Object.fromEntries(await outcomes)).toEqual({ 'denoise/B1': 'done' })
})
