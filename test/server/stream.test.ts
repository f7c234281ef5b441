import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { fakeEngine, follow, type Lab, note, planned, queuedJob, serveFake } from './engine.ts'

afterEach(() => void vi.useRealTimers())

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A stream of events as it goes over the socket. */
interface RawStream {
  readonly socket: Socket
  text(): string
  until(condition: () => boolean): Promise<void>
}

function open(lab: Lab, path: string): RawStream {
  const socket = connect(lab.served.socket)
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => undefined)
  return {
    socket,
    text: () => text,
    async until(condition) {
      while (!condition()) await turn()
    },
  }
}

const lifeOf = async (lab: Lab): Promise<string> => (await lab.send({ path: '/snapshot' })).json.life

test('a stream begins after the event that the client names', async () => {
  await using lab = await serveFake()
  const life = await lifeOf(lab)
  lab.engine.tell(note(1), note(2), note(3))
  const stream = open(lab, `/events?life=${life}&after=1`)
  await stream.until(() => stream.text().includes('"atMs":3'))
  expect(stream.text()).not.toContain('"atMs":1')
  expect(stream.text()).toContain('id: 2\ndata: {"type":"trouble","atMs":2,"message":"m"}\n\nid: 3\n')
  stream.socket.destroy()
})

test('what is told while nobody looks is not kept: who comes after that begins with a board', async () => {
  await using lab = await serveFake()
  lab.engine.tell(note(1), note(2))
  const { life, seq } = (await lab.send({ path: '/snapshot' })).json
  expect(seq).toBe(2)
  const stream = open(lab, `/events?life=${life}&after=1`)
  await stream.until(() => stream.text().includes('event: gap'))
  expect(stream.text()).not.toContain('"atMs":2')
  stream.socket.destroy()
})

test('what an engine tells in one turn of its loop goes out in one write', async () => {
  await using lab = await serveFake()
  const stream = open(lab, `/events?life=${await lifeOf(lab)}&after=0`)
  await stream.until(() => stream.text().includes('200 OK'))
  lab.engine.tell(note(1))
  for (let i = 0; i < 50; i++) await Promise.resolve()
  lab.engine.tell(note(2))
  await stream.until(() => stream.text().includes('"atMs":2'))
  // Each write is a part of the answer, after its length.
  const parts = stream.text().match(/^[0-9a-f]+\r\nid/gm)
  expect(parts).toHaveLength(1)
  stream.socket.destroy()
})

test.each([
  ['numbers of another life of the engine', '/events?life=other&after=0'],
  ['a number that no event has yet', '/events?life=LIFE&after=7'],
])('%s are a gap, and the end', async (_, query) => {
  await using lab = await serveFake()
  lab.engine.tell(note(1))
  const stream = open(lab, query.replace('LIFE', await lifeOf(lab)))
  // The chunk of length 0 ends the answer.
  await stream.until(() => stream.text().endsWith('\r\n0\r\n\r\n'))
  expect(stream.text()).toContain('event: gap\ndata:\n\n')
  expect(stream.text()).not.toContain('atMs')
  stream.socket.destroy()
})

test('while nothing happens the stream says now and then that the engine is alive', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  await using lab = await serveFake()
  const stream = open(lab, `/events?life=${await lifeOf(lab)}&after=0`)
  await stream.until(() => stream.text().includes('200 OK'))
  vi.advanceTimersByTime(5_000)
  await stream.until(() => stream.text().includes('\r\n:\n\n\r\n'))
  stream.socket.destroy()
})

/** The connections that the server has, from its own side. */
function serverSockets(): Disposable & { readonly all: Socket[] } {
  const all: Socket[] = []
  const seen = (message: unknown) => void all.push((message as { readonly socket: Socket }).socket)
  subscribe('net.server.socket', seen)
  return { all, [Symbol.dispose]: () => void unsubscribe('net.server.socket', seen) }
}

test('who stops reading is kept a bounded part of what happens, misses the rest, and holds nobody up', async () => {
  using sockets = serverSockets()
  await using lab = await serveFake()
  const watcher = follow(await lab.connect())
  await watcher.until(() => watcher.board() !== undefined)
  lab.engine.tell(note(0))
  await watcher.until(() => watcher.stretches.flat().length === 1)
  const slow = open(lab, `/events?life=${await lifeOf(lab)}&after=0`)
  await slow.until(() => slow.text().includes('200 OK'))
  const forSlow = sockets.all.at(-1)!
  slow.socket.pause()
  let told = 0
  let most = 0
  // 40 MB, and 20,000 events: more than the engine keeps, by bytes and by number.
  while (told < 20_000) {
    for (let i = 0; i < 50; i++) lab.engine.tell({ type: 'trouble', atMs: ++told, message: 'x'.repeat(2_000) })
    await watcher.until(() => watcher.stretches.at(-1)?.at(-1)?.atMs === told)
    most = Math.max(most, forSlow.writableLength)
  }
  expect(watcher.stretches.length).toBe(1)
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(1 << 20)
  slow.socket.resume()
  await slow.until(() => slow.text().endsWith('event: gap\ndata:\n\n\r\n0\r\n\r\n'))
  expect(slow.text()).not.toContain('"atMs":20000,')
  slow.socket.destroy()
})

test.each([
  ['a board', '/snapshot'],
  ['an event', '/events?life=LIFE&after=0'],
])('%s of 4 MB that a client does not read is not kept for it', async (_, path) => {
  using sockets = serverSockets()
  await using lab = await serveFake()
  const life = await lifeOf(lab)
  lab.engine.tell(planned(Array.from({ length: 10_000 }, (_, i) => queuedJob(`denoise/B${i}`))))
  const slow = open(lab, path.replace('LIFE', life))
  await slow.until(() => slow.text().includes('200 OK'))
  const forSlow = sockets.all.at(-1)!
  slow.socket.pause()
  await slow.until(() => forSlow.writableLength > 0)
  expect(forSlow.writableLength).toBeLessThan(1 << 20)
  slow.socket.resume()
  await slow.until(() => slow.text().includes('denoise/B9999'))
  slow.socket.destroy()
})

test('who takes nothing of what it is sent for a minute is cut off', async () => {
  using sockets = serverSockets()
  await using lab = await serveFake()
  const slow = open(lab, `/events?life=${await lifeOf(lab)}&after=0`)
  await slow.until(() => slow.text().includes('200 OK'))
  const forSlow = sockets.all.at(-1)!
  slow.socket.pause()
  for (let i = 0; i < 1_000; i++) lab.engine.tell({ type: 'trouble', atMs: i, message: 'x'.repeat(2_000) })
  await slow.until(() => forSlow.writableLength > 0)
  forSlow.emit('timeout')
  expect(forSlow.destroyed).toBe(true)
  slow.socket.destroy()
})

test('who waits long for an answer is not cut off', async () => {
  using sockets = serverSockets()
  let answer: (() => void) | undefined
  const engine = fakeEngine({
    act: () =>
      new Promise((resolve) => {
        answer = () => resolve({ done: true, text: 'Accepted 1 target.', count: 1, undo: undefined })
      }),
  })
  await using lab = await serveFake(engine)
  const asked = (await lab.connect()).act({ type: 'accept', jobs: ['phy/B1'] })
  while (answer === undefined) await turn()
  sockets.all.at(-1)!.emit('timeout')
  answer()
  expect((await asked).text).toBe('Accepted 1 target.')
})
