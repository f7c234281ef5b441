import { spawnSync } from 'node:child_process'
import { cpSync, renameSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { workspace } from '../workspace.ts'
import { oneRule } from './lab.ts'

// Two of everything, in the same instant.

test('of two engines started in the same instant, a hundred times, one serves', async () => {
  await using ws = await workspace({ 'rules/r.yaml': oneRule('recipe: cp {source} {target}') })
  for (let round = 0; round < rounds; round++) {
    const both = [ws.start('engine', 'run'), ws.start('engine', 'run')]
    await ws.until('one has left', () => both.some((engine) => engine.hasEnded()))
    const serving = both.find((engine) => !engine.hasEnded())
    const left = await both.find((engine) => engine !== serving)!.ended
    expect([round, left.code, left.stderr]).toEqual([round, 2, expect.stringContaining('is at work in this workspace')])
    // The one that is there holds the lock by its own word, and ends only when told to. Every other round it is killed, so
    // that two find the lock of a dead one.
    await ws.until('it says who it is', () => ws.exists('.labmake/engine.json'))
    expect(JSON.parse(ws.read('.labmake/engine.json')).process.pid).toBe(serving!.pid)
    serving!.signal(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
    await serving!.ended
  }
}, 240_000)

/** A hundred; each costs two starts of labmake. */
const rounds = 100

test('a batch that two people drop in the same instant is taken once, whole, and nothing of the other is lost', async () => {
  const rules = 'quiet: 50ms\ninbox:\n  - accept: "{batch}/*.mat"\n    store: data/mat/{batch}/\n'
  await using ws = await workspace({
    'rules/r.yaml': rules,
    'inbox/': '',
    'ana/B1/a.mat': 'spikes',
    'ben/B1/a.mat': 'spikes',
  })
  ws.write('eve/B1/a.mat', 'others')
  for (const [who, fate] of [
    ['ana', 'taken'],
    ['ben', 'same'],
    ['eve', 'conflict'],
  ] as const) {
    // Whoever is second finds the name taken, or gone into the workspace already: mv says so, cp writes into what is there.
    renameSync(ws.path(`${who}/B1`), ws.path('inbox/B1'))
    await wait(100)
    const [one, two] = await Promise.all([ws.labmake(), ws.labmake()])
    expect([one.code, two.code].sort()).toEqual([0, expect.toBeOneOf([0, 2])])
    expect([
      who,
      ws
        .read('.labmake/journal.jsonl')
        .split('\n')
        .filter((line) => line.includes(`"kind":"${fate}"`)).length,
    ]).toEqual([who, 1])
  }
  expect([ws.read('data/mat/B1/a.mat'), ws.read('inbox/rejected/B1/a.mat')]).toEqual(['spikes', 'others'])
})

test('two people who copy one batch into the inbox at once: it is one recording, or refused, and no file is mixed', async () => {
  const rules = 'quiet: 50ms\ninbox:\n  - accept: "{batch}/*.mat"\n    store: data/mat/{batch}/\n'
  await using ws = await workspace({ 'rules/r.yaml': rules, 'inbox/': '' })
  for (const who of ['ana', 'ben']) for (let i = 0; i < 20; i++) ws.write(`${who}/B1/${i}.mat`, 'spikes'.repeat(1000))
  const engine = ws.start('engine', 'run')
  await ws.until('it runs', () => ws.exists('.labmake/engine.sock'))
  cpSync(ws.path('ana/B1'), ws.path('inbox/B1'), { recursive: true })
  spawnSync('cp', ['-r', ws.path('ben/B1'), ws.path('inbox/')])
  await ws.until(
    'it is taken',
    () =>
      ws.exists('data/mat/B1') &&
      ws.list('inbox').filter((name) => !name.startsWith('.') && name !== 'rejected').length === 0,
  )
  for (let i = 0; i < 20; i++) expect(ws.read(`data/mat/B1/${i}.mat`)).toBe('spikes'.repeat(1000))
  engine.signal('SIGTERM')
  await engine.ended
})
