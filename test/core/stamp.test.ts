import { describe, expect, test } from 'vitest'
import { compareStamps, isIgnored, readFileStamp, takeSnapshot } from '../../src/core/stamp.ts'
import { countActs } from '../fakes/acts.ts'
import { fakeDisk } from '../fakes/disk.ts'

function diskOf(files: Readonly<Record<string, string>>) {
  let nowMs = 1000
  const disk = fakeDisk(() => nowMs, countActs())
  for (const [path, text] of Object.entries(files)) {
    disk.write(path, text)
    nowMs += 1000
  }
  return disk
}

const folder = (disk: ReturnType<typeof diskOf>, ignore: readonly string[] = []) =>
  takeSnapshot(disk, 'd', { isFolder: true, ignore })

describe('a snapshot', () => {
  test('of a file is its size and time', () => {
    expect(takeSnapshot(diskOf({ a: 'four' }), 'a', { isFolder: false })).toEqual({
      status: 'there',
      stamp: '4 1000000000',
      newestNs: 1_000_000_000n,
      newestPath: 'a',
      oldestNs: 1_000_000_000n,
      sizeBytes: 4,
      isPlain: true,
    })
  })

  test('of a folder is its members in order, its newest and its oldest', () => {
    expect(folder(diskOf({ 'd/z/b': '22', 'd/a': '1' }))).toEqual({
      status: 'there',
      stamp: { a: '1 2000000000', 'z/b': '2 1000000000' },
      newestNs: 2_000_000_000n,
      newestPath: 'd/a',
      oldestNs: 1_000_000_000n,
      sizeBytes: 3,
      isPlain: false,
    })
  })

  test('of a link has its text and what it points to', () => {
    const disk = diskOf({ 'x/a': 'abc' })
    disk.link('l', 'x/a')
    expect(takeSnapshot(disk, 'l', { isFolder: false })).toMatchObject({ stamp: '-> x/a 3 1000000000' })
  })

  test('of a broken link among the members of a folder is a stamp as well', () => {
    const disk = diskOf({ 'd/a': '1' })
    disk.link('d/gone', 'nowhere')
    expect(folder(disk)).toMatchObject({ stamp: { gone: '-> nowhere 0 0' } })
  })

  test.each([
    ['nothing there', {}, 'missing'],
    ['a file instead', { d: 'x' }, 'missing'],
    ['no members', { 'd/': '' }, 'empty'],
    ['empty folders', { 'd/e/f/': '' }, 'empty'],
    ['nothing that counts', { 'd/.DS_Store': 'x' }, 'empty'],
  ])('of a folder with %s', (_, files, status) => {
    expect(folder(diskOf(files as Record<string, string>))).toEqual({ status })
  })

  test('of a folder where a file is expected is missing', () => {
    expect(takeSnapshot(diskOf({ 'd/a': '1' }), 'd', { isFolder: false })).toEqual({ status: 'missing' })
  })

  test('of a very large folder is a digest, that differs if any member does', () => {
    const files = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`d/${i}`, 'x']))
    const disk = diskOf(files)
    const before = folder(disk)
    expect(before).toMatchObject({ stamp: { '#digest': expect.stringMatching(/^1001 [0-9a-f]{16}$/) } })
    disk.write('d/500', 'y')
    const after = folder(disk)
    if (before.status !== 'there' || after.status !== 'there') throw new Error('it is there')
    expect(compareStamps('d', before.stamp, after.stamp)).toEqual({ kind: 'changed', path: 'd/' })
  })
})

test.each([
  ['phy.log', ['phy.log'], true],
  ['sub/phy.log', ['phy.log'], false],
  ['.phy/state.json', ['.phy/'], true],
  ['sub/.phy/state.json', ['.phy/'], true],
  ['.phyx', ['.phy/'], false],
  ['cache', ['cache'], true],
  ['cache/x', ['cache'], true],
  ['a.log', ['*.log'], true],
  ['a.log.gz', ['*.log'], false],
  ['sub/a.log', ['*.log'], false],
  ['a+b.log', ['a+*.log'], true],
])('the member %s under ignore: %j is ignored: %s', (member, ignore, ignored) => {
  expect(isIgnored(member, ignore)).toBe(ignored)
})

describe('comparing', () => {
  test.each([
    ['1 1', '1 1', undefined],
    ['1 1', '1 2', { kind: 'changed', path: 'd' }],
    [{ a: '1' }, { a: '1' }, undefined],
    [{ a: '1' }, { a: '2' }, { kind: 'changed', path: 'd/a' }],
    [{}, { a: '1' }, { kind: 'added', path: 'd/a' }],
    [{ a: '1' }, {}, { kind: 'removed', path: 'd/a' }],
    [{ a: '1' }, '1 1', { kind: 'changed', path: 'd' }],
    [
      { '.': '-> x', a: '1' },
      { '.': '-> y', a: '1' },
      { kind: 'changed', path: 'd/' },
    ],
    [{ '.': '-> x', a: '1' }, { a: '1' }, { kind: 'changed', path: 'd/' }],
    [{ a: '1' }, { '#digest': '1001 f' }, { kind: 'changed', path: 'd/' }],
    [{ '#digest': '1001 f' }, { a: '1' }, { kind: 'changed', path: 'd/' }],
  ])('%j with %j gives %j', (before, now, change) => {
    expect(compareStamps('d', before as Record<string, string>, now as Record<string, string>)).toEqual(change)
  })
})

test.each([
  ['12 34', { sizeBytes: 12, mtimeNs: 34n, link: undefined }],
  ['-> a b 1 2', { sizeBytes: 1, mtimeNs: 2n, link: 'a b' }],
  ['0 -5', { sizeBytes: 0, mtimeNs: -5n, link: undefined }],
])('the stamp %s is read back', (stamp, facts) => {
  expect(readFileStamp(stamp)).toEqual(facts)
})
