import { expect, test } from 'vitest'
import type { Reading } from '../../src/model/facade.ts'
import { comparable, fakeEngine, follow, note, numbers, planned, queuedJob, serveFake } from './engine.ts'

test('who follows gets the board, then each event in order', async () => {
  await using lab = await serveFake()
  lab.engine.tell(planned([queuedJob('denoise/B1')]))
  const watcher = follow(await lab.connect())
  await watcher.until(() => watcher.board() !== undefined)
  lab.engine.tell(note(1), note(2))
  lab.engine.tell({ type: 'changed', atMs: 3, jobs: [{ job: 'denoise/B1', status: { state: 'blocked', job: 'x' } }] })
  await watcher.until(() => watcher.stretches.flat().length === 3)
  expect(watcher.stretches.map(numbers)).toEqual([[1, 2, 3]])
  expect(watcher.board()?.jobs.get('denoise/B1')?.status).toEqual({ state: 'blocked', job: 'x' })
  expect(comparable(watcher.board())).toEqual(comparable(lab.engine.board()))
})

test('who follows an engine that looks at everything for the first time is told how far it has come', async () => {
  let reading: Reading | undefined = { planned: 0, of: undefined }
  let read = () => {}
  const whenRead = new Promise<void>((resolve) => {
    read = resolve
  })
  await using lab = await serveFake(fakeEngine({ reading: () => reading, whenRead: () => whenRead }))
  const watcher = follow(await lab.connect())
  await watcher.until(() => watcher.readings.length > 0)
  reading = { planned: 32, of: 100 }
  await watcher.until(() => watcher.readings.at(-1)?.planned === 32)
  expect(watcher.readings[0]).toEqual({ planned: 0 })
  expect(watcher.board()).toBeUndefined()
  reading = undefined
  read()
  await watcher.until(() => watcher.board() !== undefined)
})

test('what an engine tells in one turn comes at once', async () => {
  await using lab = await serveFake()
  const watcher = follow(await lab.connect())
  await watcher.until(() => watcher.board() !== undefined)
  lab.engine.tell(note(1), note(2), note(3))
  await watcher.until(() => watcher.batches.length > 0)
  expect(watcher.batches).toEqual([3])
})

test('two who follow are told the same', async () => {
  await using lab = await serveFake()
  const ana = follow(await lab.connect())
  const ben = follow(await lab.connect())
  await ana.until(() => ana.board() !== undefined)
  await ben.until(() => ben.board() !== undefined)
  lab.engine.tell(note(1), note(2))
  await ana.until(() => ana.stretches.flat().length === 2)
  await ben.until(() => ben.stretches.flat().length === 2)
  expect(ana.stretches).toEqual(ben.stretches)
})

test('an event that is larger than a socket takes at once comes whole', async () => {
  await using lab = await serveFake()
  const watcher = follow(await lab.connect())
  await watcher.until(() => watcher.board() !== undefined)
  const jobs = Array.from({ length: 6_000 }, (_, i) => queuedJob(`denoise/Bä${i}`))
  lab.engine.tell(note(1), planned(jobs, 2), note(3))
  await watcher.until(() => watcher.stretches.flat().length === 3)
  expect(comparable(watcher.board())).toEqual(comparable(lab.engine.board()))
})

test('who cannot be told all that happened gets a new board', async () => {
  await using lab = await serveFake()
  const watcher = follow(await lab.connect())
  await watcher.until(() => watcher.board() !== undefined)
  // More at once than the engine keeps.
  lab.engine.tell(...Array.from({ length: 10_001 }, (_, i) => note(i)), planned([queuedJob('denoise/B1')]))
  await watcher.until(() => watcher.stretches.length === 2)
  lab.engine.tell(note(7))
  await watcher.until(() => watcher.stretches.flat().length === 1)
  expect(watcher.stretches.map(numbers)).toEqual([[], [7]])
  expect(comparable(watcher.board())).toEqual(comparable(lab.engine.board()))
})

test('an event larger than all that the engine keeps is told by a new board', async () => {
  await using lab = await serveFake()
  const watcher = follow(await lab.connect())
  await watcher.until(() => watcher.board() !== undefined)
  const params = { omit: 'x'.repeat(17 << 20) }
  lab.engine.tell(planned([{ ...queuedJob('denoise/B1'), params }]))
  await watcher.until(() => watcher.stretches.length === 2)
  expect(watcher.board()?.jobs.get('denoise/B1')?.params).toEqual(params)
})

test('the last events of an engine still come before its end is told', async () => {
  await using lab = await serveFake()
  const watcher = follow(await lab.connect())
  await watcher.until(() => watcher.board() !== undefined)
  lab.engine.tell(note(1))
  await watcher.until(() => watcher.stretches.flat().length === 1)
  lab.engine.tell(note(2), { type: 'stopping', atMs: 3, running: 3, because: 'asked' })
  await lab.served.close()
  await watcher.until(() => watcher.gone.length > 0)
  expect(watcher.stretches.map(numbers)).toEqual([[1, 2, 3]])
  expect(watcher.board()?.engine.stopping).toBe(true)
  expect(watcher.gone).toEqual(['the engine of this workspace has ended'])
})

test('an engine that ended is not listened to any more', async () => {
  await using lab = await serveFake()
  await lab.served.close()
  expect(lab.engine.listeners()).toBe(0)
})

test('who leaves is told nothing more', async () => {
  await using lab = await serveFake()
  const ana = follow(await lab.connect())
  const ben = follow(await lab.connect())
  await ana.until(() => ana.board() !== undefined)
  await ben.until(() => ben.board() !== undefined)
  ana.stop()
  lab.engine.tell(note(1))
  await ben.until(() => ben.stretches.flat().length === 1)
  await lab.served.close()
  await ben.until(() => ben.gone.length > 0)
  expect(ana.stretches).toEqual([[]])
  expect(ana.gone).toEqual([])
})

test('the board of 20,000 jobs comes whole', async () => {
  const engine = fakeEngine()
  engine.tell(planned(Array.from({ length: 20_000 }, (_, i) => queuedJob(`denoise/m_${i}`))))
  await using lab = await serveFake(engine)
  const client = await lab.connect()
  expect((await client.board()).jobs.size).toBe(20_000)
})

test('who asks twice between two events is given the board of the later one', async () => {
  await using lab = await serveFake()
  const client = await lab.connect()
  await client.board()
  lab.engine.tell(planned([queuedJob('denoise/B1')]))
  expect([...(await client.board()).jobs.keys()]).toEqual(['denoise/B1'])
})
