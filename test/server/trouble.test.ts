import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { boardToJson, emptyBoard } from '../../src/core/board.ts'
import type { EngineEvent } from '../../src/model/event.ts'
import { connectEngine, type EngineClient } from '../../src/server/client.ts'
import { follow, note, numbers, temporaryFolder } from './engine.ts'

afterEach(() => void vi.useRealTimers())

/** On the socket of a workspace, what answers as an engine would that is in trouble, or is none. */
interface Troubled extends AsyncDisposable {
  readonly client: EngineClient
  die(): Promise<void>
}

type Answers = (path: string, response: ServerResponse, asked: IncomingMessage) => void

async function troubled(answer: Answers): Promise<Troubled> {
  const root = temporaryFolder()
  mkdirSync(join(root, '.labmake'))
  writeFileSync(join(root, '.labmake/engine.socket'), JSON.stringify({ path: 's', user: 'ana' }))
  const server = createServer((asked, response) => {
    response.setHeader('labmake-version', '0.2.0').setHeader('labmake-protocol', '1')
    if (asked.url === '/') response.end('{}')
    else answer(asked.url!.replace(/\?.*/, ''), response, asked)
  })
  await new Promise<void>((resolve) => server.listen(join(root, 's'), resolve))
  const die = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return {
    client: (await connectEngine(root, { version: '0.2.0', user: 'ben' }))!,
    die,
    async [Symbol.asyncDispose]() {
      await die()
      rmSync(root, { recursive: true })
    },
  }
}

const engine = { pid: 1, user: 'ana', host: 'h', startedMs: 0, version: '0.2.0', mode: 'watch', root: '/lab' } as const
const board = boardToJson(emptyBoard({ ...engine, stopping: false }))
const snapshotAt = (seq: number) => JSON.stringify({ version: '0.2.0', protocol: 1, life: 'l', seq, board })
const frame = (n: number) => `id: ${n}\ndata: ${JSON.stringify(note(n))}\n\n`

test('an engine that is killed is gone, once what it told has come', async () => {
  await using lab = await troubled((path, response) => {
    if (path === '/snapshot') response.end(snapshotAt(0))
    else response.write(frame(1))
  })
  const watcher = follow(lab.client)
  await watcher.until(() => watcher.stretches.flat().length === 1)
  await lab.die()
  await watcher.until(() => watcher.gone.length > 0)
  expect(watcher.gone).toEqual(['the engine of this workspace has ended'])
})

test('an event that was cut off with its engine is not told', async () => {
  await using lab = await troubled((path, response) => {
    if (path === '/snapshot') response.end(snapshotAt(0))
    else response.write(frame(1) + frame(2).slice(0, -2))
  })
  const watcher = follow(lab.client)
  await watcher.until(() => watcher.stretches.flat().length === 1)
  await lab.die()
  await watcher.until(() => watcher.gone.length > 0)
  expect(watcher.stretches.map(numbers)).toEqual([[1]])
})

test('an engine that does not even say that it lives is gone', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  await using lab = await troubled((path, response) => {
    if (path === '/snapshot') response.end(snapshotAt(0))
    else response.write(frame(1))
  })
  const watcher = follow(lab.client)
  await watcher.until(() => watcher.stretches.flat().length === 1)
  vi.advanceTimersByTime(19_000)
  expect(watcher.gone).toEqual([])
  vi.advanceTimersByTime(1_000)
  await watcher.until(() => watcher.gone.length > 0)
  expect(watcher.gone).toEqual(['the engine has said nothing for 20 s'])
})

test('a comment is a sign of life', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  let stream: ServerResponse | undefined
  await using lab = await troubled((path, response) => {
    if (path === '/snapshot') response.end(snapshotAt(0))
    else {
      stream = response
      response.write(frame(1))
    }
  })
  const watcher = follow(lab.client)
  await watcher.until(() => watcher.stretches.flat().length === 1)
  vi.advanceTimersByTime(19_000)
  stream?.write(`:\n\n`)
  // Comes after the comment, by the same way.
  stream?.write(frame(2))
  await watcher.until(() => watcher.stretches.flat().length === 2)
  vi.advanceTimersByTime(19_000)
  expect(watcher.gone).toEqual([])
  watcher.stop()
})

test('who was cut off by an engine that lives takes a new board', async () => {
  let snapshots = 0
  await using lab = await troubled((path, response) => {
    if (path === '/snapshot') response.end(snapshotAt(snapshots++ * 10))
    else if (snapshots === 1) response.write(frame(1), () => response.destroy())
    else response.write(frame(11))
  })
  const watcher = follow(lab.client)
  await watcher.until(() => watcher.stretches.flat().length === 2)
  expect(watcher.stretches.map(numbers)).toEqual([[1], [11]])
  watcher.stop()
})

test('a hole in the numbers asks for a new board', async () => {
  let snapshots = 0
  await using lab = await troubled((path, response) => {
    if (path === '/snapshot') response.end(snapshotAt(snapshots++ * 10))
    else if (snapshots === 1) response.write(frame(1) + frame(3) + frame(4))
    else response.write(frame(11))
  })
  const watcher = follow(lab.client)
  await watcher.until(() => watcher.stretches.flat().length === 2)
  expect(watcher.stretches.map(numbers)).toEqual([[1], [11]])
  watcher.stop()
})

test('who leaves while there is more to read is told none of it', async () => {
  let stream: ServerResponse | undefined
  await using lab = await troubled((path, response) => {
    if (path === '/snapshot') response.end(snapshotAt(0))
    else {
      stream = response
      response.write(frame(1))
    }
  })
  const told: number[][] = []
  const leave = new AbortController()
  await new Promise<void>((resolve) => {
    const handlers = {
      onSnapshot: () => undefined,
      onEvents(events: readonly EngineEvent[]) {
        told.push(numbers(events))
        if (told.length === 1) {
          // Two parts of an answer that are read at once.
          stream?.write(frame(2))
          stream?.write(frame(3))
        } else {
          leave.abort()
          resolve()
        }
      },
      onGone: (why: string) => expect.unreachable(why),
    }
    lab.client.follow(handlers, leave.signal)
  })
  await lab.die()
  expect(told).toEqual([[1], [2]])
})

test('an engine that ends in the middle of an answer is told of as such', async () => {
  await using lab = await troubled((_, response) => response.write('[{"type":', () => response.destroy()))
  await expect(lab.client.history(5)).rejects.toMatchObject({
    name: 'UserError',
    message: 'the engine broke off: aborted',
    hint: 'See whether it still runs: labmake engine status',
  })
})

test('an engine that is gone when something is asked of it is told of as such', async () => {
  await using lab = await troubled(() => undefined)
  await lab.die()
  await expect(lab.client.act({ type: 'pause', pool: 'ram' })).rejects.toMatchObject({
    message: 'the engine of this workspace has ended',
    hint: 'Start one with: labmake engine start',
  })
})

test('what answers without saying that it is labmake is not believed', async () => {
  await using lab = await troubled((_, response) => {
    response.removeHeader('labmake-version')
    response.end('[]')
  })
  await expect(lab.client.history(5)).rejects.toThrow('what answers is no engine of labmake')
})

test('a defect of the engine is no fault of the person', async () => {
  await using lab = await troubled((_, response) => {
    response.statusCode = 500
    response.end('{"error":"TypeError: x is not a function\\n    at act"}')
  })
  const failed = lab.client.history(5)
  await expect(failed).rejects.toThrow('the engine failed: TypeError: x is not a function')
  await expect(failed).rejects.not.toMatchObject({ name: 'UserError' })
})
