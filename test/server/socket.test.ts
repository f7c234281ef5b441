import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/server/client.ts'
import { listenOnSocket } from '../../src/server/listen.ts'
import { serveEngine } from '../../src/server/serve.ts'
import { fakeEngine, temporaryFolder } from './engine.ts'

let base = ''
beforeEach(() => {
  base = temporaryFolder()
})
afterEach(() => rmSync(base, { recursive: true }))

const serve = (root: string) => serveEngine(fakeEngine(), { root, version: '0.2.0' })
const connect = (root: string) => connectEngine(root, { version: '0.2.0', user: 'ben' })
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

/** A workspace in a folder of so long a name that no socket has room in it. */
function deepRoot(): string {
  const root = join(base, 'recordings-of-the-whole-lab-'.repeat(4), 'äöü')
  mkdirSync(root, { recursive: true })
  return root
}

describe('where an engine is found', () => {
  test('where no engine ever was, nobody listens', async () => {
    expect(await connect(base)).toBeUndefined()
    expect(await connect(join(base, 'nowhere'))).toBeUndefined()
  })

  test('in the workspace, at a place that scripts can rely on', async () => {
    const served = await serve(base)
    expect(served.socket).toBe(join(base, '.labmake/engine.sock'))
    expect((await connect(base))?.version).toBe('0.2.0')
    await served.close()
  })

  test('where the path is too long for a socket, in a short one that the workspace names', async () => {
    const root = deepRoot()
    const served = await serve(root)
    expect(existsSync(join(root, '.labmake/engine.sock'))).toBe(false)
    expect(Buffer.byteLength(served.socket)).toBeLessThan(104)
    expect((await connect(root))?.version).toBe('0.2.0')
    await served.close()
  })

  test('where the file system holds no sockets, elsewhere', async () => {
    const server = createServer()
    const listen = server.listen.bind(server)
    const refusing = (path: string, listening: () => void) => {
      if (!path.startsWith(base)) return listen(path, listening)
      queueMicrotask(() => server.emit('error', Object.assign(new Error('EPERM'), { code: 'EPERM' })))
      return server
    }
    Object.assign(server, { listen: refusing })
    const open = await listenOnSocket(server, base, 'ana')
    expect(open.path.startsWith(base)).toBe(false)
    expect(JSON.parse(readFileSync(join(base, '.labmake/engine.socket'), 'utf8'))).toEqual({
      path: open.path,
      user: 'ana',
    })
    open.remove()
    await new Promise((resolve) => server.close(resolve))
  })

  test('a workspace that was moved takes its engine along', async () => {
    const before = join(base, 'before')
    mkdirSync(before)
    const served = await serve(before)
    renameSync(before, join(base, 'after'))
    expect((await connect(join(base, 'after')))?.version).toBe('0.2.0')
    await served.close()
  })

  test('by a link with a long name too', async () => {
    const root = join(base, 'lab')
    const link = join(base, 'the-lab-'.repeat(20))
    mkdirSync(root)
    symlinkSync(root, link)
    const served = await serve(root)
    expect((await connect(link))?.version).toBe('0.2.0')
    await served.close()
  })

  test('a place that a full disk left half written is none', async () => {
    mkdirSync(join(base, '.labmake'))
    writeFileSync(join(base, '.labmake/engine.socket'), '{"path":".labm')
    expect(await connect(base)).toBeUndefined()
  })

  test('an engine that cannot say where it listens does not listen', async () => {
    // No file can be written there.
    mkdirSync(join(base, '.labmake/engine.socket.new'), { recursive: true })
    await expect(serve(base)).rejects.toMatchObject({ name: 'DiskFault' })
    writeFileSync(join(base, '.labmake/engine.socket'), '{"path":".labmake/engine.sock","user":"ana"}')
    expect(await connect(base)).toBeUndefined()
  })

  test('a disk that refuses is named', async () => {
    writeFileSync(join(base, '.labmake'), 'a file')
    await expect(serve(base)).rejects.toMatchObject({ name: 'DiskFault', action: 'listen on' })
  })
})

describe('what is left', () => {
  test('nothing, once an engine has ended', async () => {
    const served = await serve(base)
    await served.close()
    expect(readdirSync(join(base, '.labmake'))).toEqual([])
    expect(await connect(base)).toBeUndefined()
  })

  test('nothing elsewhere either', async () => {
    const served = await serve(deepRoot())
    await served.close()
    expect(existsSync(dirname(served.socket))).toBe(false)
  })

  /** Leaves what an engine leaves that is killed: its files, and nobody who listens. */
  async function die(root: string): Promise<string> {
    const server = createServer()
    const { path } = await listenOnSocket(server, root, 'ana')
    // Node removes the name that a socket was bound to; of this one that is not where it is any more.
    const kept = `${path}.kept`
    renameSync(path, kept)
    await new Promise((resolve) => server.close(resolve))
    renameSync(kept, path)
    return path
  }

  test('at the socket of a dead engine nobody listens', async () => {
    await die(base)
    expect(await connect(base)).toBeUndefined()
  })

  test('the socket of a dead engine makes way for the next', async () => {
    await die(base)
    const served = await serve(base)
    expect((await connect(base))?.version).toBe('0.2.0')
    await served.close()
  })

  test('one elsewhere does too, with its folder', async () => {
    const root = deepRoot()
    const dead = await die(root)
    const served = await serve(root)
    expect(existsSync(dirname(dead))).toBe(false)
    expect((await connect(root))?.version).toBe('0.2.0')
    await served.close()
  })

  test('a file of that name that no engine made, elsewhere, is left alone', async () => {
    const precious = join(base, 'precious')
    writeFileSync(precious, 'work')
    mkdirSync(join(base, 'lab/.labmake'), { recursive: true })
    writeFileSync(join(base, 'lab/.labmake/engine.socket'), JSON.stringify({ path: precious, user: 'ana' }))
    const served = await serve(join(base, 'lab'))
    await served.close()
    expect(readFileSync(precious, 'utf8')).toBe('work')
  })

  test('an engine that lost its lock to another leaves the socket of that one', async () => {
    const first = await serve(base)
    const second = await serve(base)
    await first.close()
    expect((await connect(base))?.version).toBe('0.2.0')
    await second.close()
  })
})

describe('who may talk to an engine', () => {
  test('its owner alone', async () => {
    chmodSync(base, 0o755)
    const served = await serve(base)
    expect(modeOf(served.socket)).toBe('600')
    await served.close()
  })

  test('its group too, where that may write in the workspace', async () => {
    chmodSync(base, 0o775)
    const served = await serve(base)
    expect(modeOf(served.socket)).toBe('660')
    expect(statSync(served.socket).gid).toBe(statSync(base).gid)
    await served.close()
  })

  test('whatever the umask of who starts it', async () => {
    chmodSync(base, 0o775)
    const umask = process.umask(0o077)
    const served = await serve(base)
    process.umask(umask)
    expect([modeOf(served.socket), modeOf(join(base, '.labmake/engine.socket'))]).toEqual(['660', '644'])
    await served.close()
  })

  test('the same where the socket is elsewhere', async () => {
    const root = deepRoot()
    chmodSync(root, 0o775)
    const open = await serve(root)
    expect([modeOf(open.socket), modeOf(dirname(open.socket))]).toEqual(['660', '710'])
    await open.close()
    chmodSync(root, 0o755)
    const closed = await serve(root)
    expect([modeOf(closed.socket), modeOf(dirname(closed.socket))]).toEqual(['600', '700'])
    await closed.close()
  })

  const isRoot = process.getuid?.() === 0
  const nobody = 65_534

  /** As another person, for as long as `act` takes. */
  async function as<T>(uid: number, act: () => Promise<T>): Promise<T> {
    process.seteuid!(uid)
    try {
      return await act()
    } finally {
      process.seteuid!(0)
    }
  }

  test.runIf(isRoot)('the socket has the group of the workspace, not that of who starts the engine', async () => {
    chmodSync(base, 0o775)
    chownSync(base, 0, 1234)
    const served = await serve(base)
    expect(statSync(served.socket).gid).toBe(1234)
    await served.close()
  })

  test.runIf(isRoot)('who is not of the group of the workspace starts an engine for themselves', async () => {
    chownSync(base, nobody, 1234)
    chmodSync(base, 0o775)
    await as(nobody, async () => {
      const served = await serve(base)
      expect(modeOf(served.socket)).toBe('600')
      await served.close()
    })
  })

  test.runIf(isRoot)('others are told whose it is', async () => {
    chmodSync(base, 0o755)
    const served = await serve(base)
    await expect(as(nobody, () => connect(base))).rejects.toMatchObject({
      name: 'UserError',
      message: 'only ana may talk to the engine of this workspace',
      hint: 'Ask ana. Where a workspace is group-writable when its engine starts, its whole group may.',
    })
    await served.close()
  })

  test.runIf(isRoot)('who may not look into the workspace is told that', async () => {
    mkdirSync(join(base, '.labmake'), { mode: 0o700 })
    chmodSync(base, 0o755)
    await expect(as(nobody, () => connect(base))).rejects.toMatchObject({
      name: 'UserError',
      message: 'you may not look into .labmake, where the engine says how to reach it',
    })
  })
})
