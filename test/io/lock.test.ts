import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { type Lock, lockWorkspace, runningEngine } from '../../src/io/lock.ts'
import { markProcess } from '../../src/io/processes.ts'
import { until, type Workspace, workspace } from '../workspace.ts'

const never = () => {
  throw new Error('the lock was lost')
}

async function mustHold(ws: Workspace): Promise<Lock & { status: 'held' }> {
  const lock = await lockWorkspace(ws.root, never)
  if (lock.status !== 'held') throw new Error('the lock is busy')
  return lock
}

/** A lock with what it says of its holder, as a labmake of `host` left it. */
function leaveLock(ws: Workspace, host: string, startTime: string): void {
  const mark = { ...markProcess(process.pid)!, startTime }
  const since = new Date().toISOString()
  ws.write('.labmake/engine.lock/', '')
  ws.write('.labmake/engine.json', JSON.stringify({ process: mark, host, user: 'ana', since, command: 'labmake' }))
}

test('a lock is held by one at a time, and is free again once it is released', async () => {
  await using ws = await workspace()
  const first = await mustHold(ws)
  const second = await lockWorkspace(ws.root, never)
  expect(second).toMatchObject({ status: 'busy', holder: { host: hostname(), process: { pid: process.pid } } })
  expect(runningEngine(ws.root)?.process.pid).toBe(process.pid)
  await first.release()
  expect(runningEngine(ws.root)).toBeUndefined()
  await (await mustHold(ws)).release()
  expect(ws.list('.labmake')).toEqual([])
})

test('the lock of a dead process of this machine is taken over at once', async () => {
  await using ws = await workspace()
  leaveLock(ws, hostname(), 'long ago')
  await (await mustHold(ws)).release()
  expect(ws.list('.labmake')).toEqual([])
})

test('the lock of another machine is respected while it is refreshed', async () => {
  await using ws = await workspace()
  leaveLock(ws, 'other-server', '1')
  expect(await lockWorkspace(ws.root, never)).toMatchObject({ status: 'busy', holder: { host: 'other-server' } })
})

describe.each([
  ['long ago', 600],
  ['in the future', -600],
])('the lock of another machine that was refreshed %s by our clock', (_, seconds) => {
  test('is taken over, once it was watched for a while', async () => {
    await using ws = await workspace()
    leaveLock(ws, 'other-server', '1')
    ws.age('.labmake/engine.lock', { seconds })
    const lock = await lockWorkspace(ws.root, never, { watchMs: 200 })
    expect(lock.status).toBe('held')
    if (lock.status === 'held') await lock.release()
  })

  test('is respected where it is refreshed meanwhile: the clocks do not agree, that is all', async () => {
    await using ws = await workspace()
    leaveLock(ws, 'other-server', '1')
    ws.age('.labmake/engine.lock', { seconds })
    const taking = lockWorkspace(ws.root, never, { watchMs: 600_000 })
    ws.age('.labmake/engine.lock', { seconds: seconds - 3 })
    const refreshing = setInterval(() => ws.age('.labmake/engine.lock', { seconds: seconds - 6 }), 50)
    expect(await taking).toMatchObject({ status: 'busy', holder: { host: 'other-server' } })
    clearInterval(refreshing)
  })
})

test('a lock whose process was killed before it could say that it has it is taken over at once', async () => {
  await using ws = await workspace()
  leaveLock(ws, hostname(), 'long ago')
  ws.write(`.labmake/engine.json.${hostname()}-1`, ws.read('.labmake/engine.json'))
  ws.remove('.labmake/engine.json')
  await (await mustHold(ws)).release()
})

test('what labmakes left that were killed as they took the lock is cleared away by the next one that has it', async () => {
  await using ws = await workspace({
    // No system gives such numbers to processes.
    [`.labmake/engine.json.${hostname()}-99999999`]: '{"process',
    '.labmake/dead-lock-99999999.json': '{}',
    '.labmake/dead-lock-99999998/': '',
    // An engine was killed as it began to listen.
    '.labmake/socket/': '',
    [`.labmake/engine.json.${hostname()}-1`]: 'of a process that lives',
  })
  const lock = await mustHold(ws)
  expect(ws.list('.labmake')).toEqual(['engine.json', `engine.json.${hostname()}-1`, 'engine.lock'])
  await lock.release()
})

test('a lock that is stolen is noticed', async () => {
  await using ws = await workspace()
  let lost = false
  await lockWorkspace(ws.root, () => {
    lost = true
  })
  ws.remove('.labmake/engine.lock')
  await until('the loss is noticed', () => lost)
})
