import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { openInbox } from '../../src/io/inbox.ts'
import type { DropMember } from '../../src/model/inbox.ts'
import { DiskFault } from '../../src/model/ports.ts'
import { type Workspace, workspace } from '../workspace.ts'

/** `path: kind` of each member, sorted. */
const told = (members: readonly DropMember[]) => members.map(({ path, kind }) => `${path || '.'}: ${kind}`).sort()

/** A folder on another file system than the workspace, removed after the test; undefined where there is none. */
function otherDisk(ws: Workspace): string | undefined {
  const shared = '/dev/shm'
  if (!existsSync(shared) || statSync(shared).dev === statSync(ws.root).dev) return undefined
  const folder = mkdtempSync(`${shared}/labmake-test-`)
  ws.atEnd(() => rmSync(folder, { recursive: true }))
  return folder
}

describe('drops', () => {
  test('are all that lies in the inbox but what labmake and desktops put there, as a person reads them', async () => {
    await using ws = await workspace({
      'inbox/B10/a.mat': 'aa',
      'inbox/B2/a.mat': 'a',
      'inbox/ana.tsv': 'B1\tx\n',
      'inbox/rejected/B3/a': '',
      'inbox/B3.why.txt': '',
      'inbox/.DS_Store': '',
      'inbox/.gitkeep': '',
      'inbox/Thumbs.db': '',
      'inbox/.labmake-1/B4/a.mat': '',
    })
    const drops = await openInbox(ws.root).drops()
    expect(drops.map(({ name, picture }) => `${name} ${picture.files} ${picture.bytes}`)).toEqual([
      'ana.tsv 1 5',
      'B2 1 1',
      'B10 1 2',
    ])
  })

  test('none where there is no inbox', async () => {
    await using ws = await workspace()
    expect([await openInbox(ws.root).drops(), await openInbox(ws.root).rejected()]).toEqual([[], []])
  })

  test('an inbox that is a file is no inbox', async () => {
    await using ws = await workspace({ inbox: '' })
    expect(await openInbox(ws.root).drops()).toEqual([])
  })

  test('what was refused is listed without the texts beside it', async () => {
    await using ws = await workspace({ 'inbox/rejected/B1/a': '', 'inbox/rejected/B1.why.txt': '' })
    expect(await openInbox(ws.root).rejected()).toEqual(['B1'])
  })
})

describe('a picture', () => {
  test('counts files, folders and bytes, and tells when something changed last, whatever a copy keeps', async () => {
    await using ws = await workspace({ 'inbox/B1/a.mat': 'four', 'inbox/B1/sub/b.mat': 'b', 'inbox/B1/.DS_Store': 'x' })
    ws.age('inbox/B1', { seconds: 1000 })
    const picture = await openInbox(ws.root).picture('inbox/B1')
    expect(picture).toMatchObject({
      isFolder: true,
      files: 2,
      folders: 1,
      bytes: 5,
      temporary: undefined,
      ready: false,
    })
    const { mtimeNs } = statSync(ws.path('inbox/B1/a.mat'), { bigint: true })
    const { ctimeNs } = statSync(ws.path('inbox/B1/sub/b.mat'), { bigint: true })
    expect(picture?.changedNs).toBe(ctimeNs)
    expect(picture!.changedNs - mtimeNs).toBeGreaterThan(900n * 1_000_000_000n)
  })

  test.each(['.a.mat.x7Gh2K', 'a.mat.part', 'a.mat.filepart', 'a.mat.crdownload', 'a.tmp', 'a~', 'sub/.~tmp~/a.mat'])(
    'names %s as temporary (case 46)',
    async (name) => {
      await using ws = await workspace({ [`inbox/B1/${name}`]: '', 'inbox/B1/z.mat': '' })
      const picture = await openInbox(ws.root).picture('inbox/B1')
      expect(picture?.temporary).toBe(name.includes('.~tmp~') ? 'sub/.~tmp~' : name)
    },
  )

  test('of a drop with a temporary name of its own says so', async () => {
    await using ws = await workspace({ 'inbox/B1.part/a.mat': '' })
    expect((await openInbox(ws.root).picture('inbox/B1.part'))?.temporary).toBe('B1.part')
  })

  test('is ready when READY came last', async () => {
    await using ws = await workspace({ 'inbox/B1/a.mat': '' })
    const inbox = openInbox(ws.root)
    ws.write('inbox/B1/READY', '')
    expect((await inbox.picture('inbox/B1'))?.ready).toBe(true)
    const ready = statSync(ws.path('inbox/B1/READY'), { bigint: true }).ctimeNs
    await ws.until('the clock of the file system moves on', () => {
      ws.write('inbox/B1/b.mat', 'more')
      return statSync(ws.path('inbox/B1/b.mat'), { bigint: true }).ctimeNs > ready
    })
    expect((await inbox.picture('inbox/B1'))?.ready).toBe(false)
  })

  test('of an empty folder, a link and nothing', async () => {
    await using ws = await workspace({ 'inbox/empty/': '' })
    symlinkSync('/etc', ws.path('inbox/link'))
    const inbox = openInbox(ws.root)
    expect(await inbox.picture('inbox/empty')).toMatchObject({ isFolder: true, files: 0 })
    expect((await inbox.picture('inbox/empty'))!.changedNs).toBeGreaterThan(0n)
    expect(await inbox.picture('inbox/link')).toMatchObject({ isFolder: false, files: 1 })
    expect(await inbox.picture('inbox/nothing')).toBeUndefined()
  })

  test('stays the same while nothing happens, and after a rename of the whole', async () => {
    await using ws = await workspace({ 'inbox/B1/a.mat': 'a', 'inbox/B1/sub/b.mat': 'b' })
    const inbox = openInbox(ws.root)
    const before = await inbox.picture('inbox/B1')
    renameSync(ws.path('inbox/B1'), ws.path('inbox/B2'))
    expect(await inbox.picture('inbox/B2')).toEqual(before)
  })

  test('changes when a file is replaced by one with the same size and time', async () => {
    await using ws = await workspace({ 'inbox/B1/a.mat': 'a', other: 'b' })
    const inbox = openInbox(ws.root)
    const before = await inbox.picture('inbox/B1')
    ws.age('other', { seconds: 3600 })
    ws.age('inbox/B1/a.mat', { seconds: 3600 })
    renameSync(ws.path('other'), ws.path('inbox/B1/a.mat'))
    expect((await inbox.picture('inbox/B1'))!.changedNs).not.toBe(before!.changedNs)
  })
})

describe('members', () => {
  test('are told by their kinds, and nothing is followed', async () => {
    await using ws = await workspace({ 'inbox/B1/a.mat': '', 'inbox/B1/sub/b.mat': '' })
    symlinkSync('a.mat', ws.path('inbox/B1/inside'))
    symlinkSync('..', ws.path('inbox/B1/sub/up'))
    symlinkSync('gone', ws.path('inbox/B1/broken'))
    execFileSync('mkfifo', [ws.path('inbox/B1/pipe')])
    const server = createServer().listen(ws.path('inbox/B1/socket'))
    await ws.until('the socket is there', () => ws.exists('inbox/B1/socket'))
    const members = await openInbox(ws.root).members('inbox/B1')
    server.close()
    expect(told(members)).toEqual([
      '.: folder',
      'a.mat: file',
      'broken: link',
      'inside: link',
      'pipe: special',
      'socket: special',
      'sub/b.mat: file',
      'sub/up: link',
      'sub: folder',
    ])
    expect(members.find(({ path }) => path === 'broken')).toMatchObject({ to: 'gone', broken: true })
    expect(members.find(({ path }) => path === 'pipe')).toMatchObject({ what: 'a FIFO' })
  })

  test('a name that is no text in UTF-8 is said, and does not hide the others', async () => {
    await using ws = await workspace({ 'inbox/B1/a.mat': '' })
    writeFileSync(Buffer.concat([Buffer.from(ws.path('inbox/B1/b')), Buffer.from([0xff]), Buffer.from('.mat')]), '')
    const members = await openInbox(ws.root).members('inbox/B1')
    expect(members.find(({ kind }) => kind === 'unreadable')).toMatchObject({ problem: 'its name is no text in UTF-8' })
    expect(members.map(({ path }) => path)).toContain('a.mat')
  })

  test('names with line ends and quotes are as they are', async () => {
    await using ws = await workspace({ 'inbox/B1/it\'s "a"\nfile.mat': '' })
    const members = await openInbox(ws.root).members('inbox/B1')
    expect(members.map(({ path }) => path)).toContain('it\'s "a"\nfile.mat')
  })

  test('what lies deeper than any recording is not gone into', async () => {
    await using ws = await workspace({ [`inbox/B1/${'d/'.repeat(40)}a.mat`]: '' })
    const members = await openInbox(ws.root).members('inbox/B1')
    expect(members.at(-1)).toMatchObject({ kind: 'unreadable', problem: 'it lies more than 32 folders deep' })
  })

  test('none of what is not there', async () => {
    await using ws = await workspace()
    expect(await openInbox(ws.root).members('inbox/B1')).toEqual([])
  })

  test.skipIf(process.getuid?.() === 0)('what may not be read is said', async () => {
    await using ws = await workspace({ 'inbox/B1/a.mat': '', 'inbox/B1/sub/b.mat': '' })
    chmodSync(ws.path('inbox/B1/a.mat'), 0)
    chmodSync(ws.path('inbox/B1/sub'), 0)
    ws.atEnd(() => chmodSync(ws.path('inbox/B1/sub'), 0o700))
    const members = await openInbox(ws.root).members('inbox/B1')
    expect(told(members.filter(({ kind }) => kind === 'unreadable'))).toEqual(['a.mat: unreadable', 'sub: unreadable'])
  })
})

describe('to place', () => {
  test('is to rename, and nothing is replaced but an empty folder', async () => {
    await using ws = await workspace({ 'B1/a': '1', 'B2/a': '2', 'empty/': '', file: 'f', other: 'o' })
    const inbox = openInbox(ws.root)
    expect(await inbox.place('B1', 'new')).toBe('placed')
    expect(await inbox.place('B2', 'new')).toBe('occupied')
    expect(await inbox.place('B2', 'empty')).toBe('placed')
    expect(await inbox.place('file', 'other')).toBe('occupied')
    expect(await inbox.place('file', 'new')).toBe('occupied')
    expect(await inbox.place('gone', 'elsewhere')).toBe('gone')
    expect([ws.read('new/a'), ws.read('empty/a'), ws.read('other'), ws.read('file')]).toEqual(['1', '2', 'o', 'f'])
  })

  test('a link that is in the way is not replaced, wherever it leads', async () => {
    await using ws = await workspace({ 'B1/a': '1' })
    symlinkSync('gone', ws.path('link'))
    expect(await openInbox(ws.root).place('B1', 'link')).toBe('occupied')
  })

  test('a drop whose name is no text in UTF-8 is moved all the same', async () => {
    await using ws = await workspace({ 'inbox/': '', 'claimed/': '' })
    mkdirSync(Buffer.concat([Buffer.from(ws.path('inbox/B')), Buffer.from([0xff])]))
    const inbox = openInbox(ws.root)
    const [drop] = await inbox.drops()
    expect(drop?.picture.isFolder).toBe(true)
    expect(await inbox.place(`inbox/${drop?.name}`, `claimed/${drop?.name}`)).toBe('placed')
    expect([ws.list('inbox'), ws.list('claimed')]).toEqual([[], ['B\uFFFD']])
  })

  test('where it cannot be done is a fault with the path', async () => {
    await using ws = await workspace({ 'B1/a': '1' })
    await expect(openInbox(ws.root).place('B1', 'nowhere/B1')).rejects.toThrow(DiskFault)
  })

  test('says so where the other place lies on another file system (case 49)', async ({ skip }) => {
    await using ws = await workspace({ 'B1/a.mat': 'a' })
    const other = otherDisk(ws)
    if (other === undefined) return skip('there is no second file system here')
    expect(await openInbox(ws.root).place('B1', `${other}/B1`)).toBe('other-disk')
    expect(ws.read('B1/a.mat')).toBe('a')
  })
})

describe('to copy and compare', () => {
  test('a copy is the same, with times and links as they were', async ({ skip }) => {
    await using ws = await workspace({ 'B1/a.mat': 'a', 'B1/sub/b.mat': 'b' })
    symlinkSync('a.mat', ws.path('B1/link'))
    ws.age('B1/a.mat', { seconds: 86_400 })
    const other = otherDisk(ws)
    if (other === undefined) return skip('there is no second file system here')
    const inbox = openInbox(ws.root)
    await inbox.copy('B1', `${other}/B1`)
    expect(await inbox.compare('B1', `${other}/B1`, [])).toBeUndefined()
    expect(statSync(`${other}/B1/a.mat`).mtimeMs).toBeCloseTo(statSync(ws.path('B1/a.mat')).mtimeMs, 0)
    expect(readdirSync(other)).toEqual(['B1'])
  })

  test('a copy replaces nothing', async () => {
    await using ws = await workspace({ 'B1/a.mat': 'a', 'B2/a.mat': 'b' })
    await expect(openInbox(ws.root).copy('B1', 'B2')).rejects.toThrow(DiskFault)
    expect(ws.read('B2/a.mat')).toBe('b')
  })

  const big = 'x'.repeat(3_000_000)

  test.each([
    ['nothing', {}, undefined],
    ['bytes past the first megabyte', { 'here/a.mat': `${big.slice(1)}y` }, { path: 'a.mat', how: 'content' }],
    ['a size', { 'here/sub/b.mat': 'bb' }, { path: 'sub/b.mat', how: 'size' }],
    ['a file more', { 'here/c.mat': 'c' }, { path: 'c.mat', how: 'only here' }],
    ['a file more dropped', { 'dropped/c.mat': 'c' }, { path: 'c.mat', how: 'only dropped' }],
    ['what never counts', { 'here/.DS_Store': 'c', 'dropped/sub/Thumbs.db': 'd' }, undefined],
    ['what is passed over', { 'dropped/READY': '', 'dropped/manifest.tsv': 'm' }, undefined],
    ['a folder where a file is', { 'here/c.mat/x': 'c', 'dropped/c.mat': 'c' }, { path: 'c.mat/x', how: 'only here' }],
  ])('that differ by %s', async (_, files: Record<string, string>, expected) => {
    const both = { 'a.mat': big, 'sub/b.mat': 'b', 'empty.mat': '' }
    const same = Object.entries(both).flatMap(([path, text]) => [
      [`here/${path}`, text],
      [`dropped/${path}`, text],
    ])
    await using ws = await workspace({ ...Object.fromEntries(same), ...files })
    expect(await openInbox(ws.root).compare('dropped', 'here', ['READY', 'manifest.tsv'])).toEqual(expected)
  })

  test('links are compared by where they lead, and what is here may itself be a link', async () => {
    await using ws = await workspace({ 'disk/B1/a.mat': 'a', 'B1/a.mat': 'a', 'data/': '' })
    symlinkSync('../disk/B1', ws.path('data/B1'))
    const inbox = openInbox(ws.root)
    expect(await inbox.compare('B1', 'data/B1', [])).toBeUndefined()
    symlinkSync('a.mat', ws.path('B1/l'))
    symlinkSync('b.mat', ws.path('disk/B1/l'))
    expect(await inbox.compare('B1', 'data/B1', [])).toEqual({ path: 'l', how: 'content' })
  })
})

test('to prune removes folders as far as they are empty', async () => {
  await using ws = await workspace({ 'a/b/c/': '', 'a/d/file': '', 'a/e/': '', file: '' })
  const inbox = openInbox(ws.root)
  await inbox.prune('a')
  await inbox.prune('gone')
  await inbox.prune('file')
  expect([ws.list('a'), ws.exists('a/d/file'), ws.exists('file')]).toEqual([['d'], true, true])
})

test('a text that is there is left as it is', async () => {
  await using ws = await workspace({ 'why.txt': 'mine' })
  const inbox = openInbox(ws.root)
  await inbox.write('why.txt', 'other')
  await inbox.write('new.txt', 'new')
  expect([ws.read('why.txt'), ws.read('new.txt')]).toEqual(['mine', 'new'])
})

test('the clock of the file system is asked, and nothing is left of that', async () => {
  await using ws = await workspace({ 'inbox/': '' })
  const now = await openInbox(ws.root).fileNow()
  cpSync(import.meta.filename, ws.path('later'))
  const { ctimeMs } = statSync(ws.path('later'))
  expect([now <= ctimeMs, now > ctimeMs - 60_000]).toEqual([true, true])
  expect(ws.list('inbox')).toEqual([])
})
