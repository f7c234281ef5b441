import { isDropName, isLitter, isRejectedName, isTemporary } from '../../src/core/dropNames.ts'
import { byName } from '../../src/core/names.ts'
import type { Claim, Claims, Difference, DropMember, DropPicture, Inbox } from '../../src/model/inbox.ts'
import type { Acts } from './acts.ts'
import type { FakeDisk } from './disk.ts'

export interface FakeInbox extends Inbox {
  /** Folders that lie on disks of their own, such as `data/mat`. */
  otherDisks: readonly string[]
  /** Called before two things are compared, or one is copied, with its path: a test holds it, or meddles. */
  reading: (path: string) => Promise<void> | void
  /** How often the whole inbox was looked through. */
  readonly looks: number
}

/** The inbox of a disk in memory. A file's time of change is its time. */
export function fakeInbox(disk: FakeDisk, now: () => number, acts: Acts): FakeInbox {
  let looks = 0
  const diskOf = (path: string) => self.otherDisks.find((other) => path === other || path.startsWith(`${other}/`))
  const join = (folder: string, name: string) => (folder === '' ? name : `${folder}/${name}`)

  function members(path: string, inside = ''): DropMember[] {
    const at = join(path, inside).replace(/\/$/, '')
    const stat = disk.stat(inside === '' ? path : at)
    if (stat === undefined) return []
    if (stat.link !== undefined) return [{ kind: 'link', path: inside, to: stat.link, broken: stat.kind === 'other' }]
    if (stat.kind === 'file') return [{ kind: 'file', path: inside, sizeBytes: stat.sizeBytes }]
    const names = disk.names(at) ?? []
    return [{ kind: 'folder', path: inside }, ...names.flatMap((name) => members(path, join(inside, name)))]
  }

  function picture(path: string): DropPicture | undefined {
    const all = members(path)
    if (all.length === 0) return undefined
    const own = path.slice(path.lastIndexOf('/') + 1)
    const counted = all.filter((m) => !isLitter(m.path === '' ? own : m.path.slice(m.path.lastIndexOf('/') + 1)))
    const files = counted
      .filter((m) => m.kind !== 'folder')
      .map((m) => disk.stat(join(path, m.path).replace(/\/$/, ''))!)
    const newestNs = files.map(({ mtimeNs }) => mtimeNs).sort((a, b) => (a < b ? 1 : -1))[0] ?? 0n
    const isFolder = all[0]!.kind === 'folder'
    const ready = isFolder ? disk.stat(`${path}/READY`) : undefined
    return {
      isFolder,
      files: files.length,
      folders: counted.filter((m) => m.kind === 'folder' && m.path !== '').length,
      bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      newestNs,
      changedNs: newestNs,
      temporary: [own, ...counted.map((m) => m.path).sort()].find((p) => isTemporary(p.slice(p.lastIndexOf('/') + 1))),
      ready: ready !== undefined && ready.mtimeNs >= newestNs,
    }
  }

  function contents(path: string): Map<string, string> {
    const counted = members(path).filter(
      (m) => m.kind !== 'folder' && !isLitter(m.path.slice(m.path.lastIndexOf('/') + 1)),
    )
    return new Map(counted.map((m) => [m.path, disk.read(join(path, m.path).replace(/\/$/, '')) ?? '']))
  }

  function difference(dropped: string, here: string, passedOver: readonly string[]): Difference | undefined {
    const ours = contents(dropped)
    const theirs = contents(here)
    for (const path of passedOver) for (const side of [ours, theirs]) side.delete(path)
    for (const path of theirs.keys()) if (!ours.has(path)) return { path, how: 'only here' }
    for (const [path, text] of ours) {
      const other = theirs.get(path)
      if (other === undefined) return { path, how: 'only dropped' }
      if (other !== text) return { path, how: other.length === text.length ? 'content' : 'size' }
    }
    return undefined
  }

  function pruneBelow(path: string): void {
    if (disk.stat(path)?.kind !== 'folder') return
    for (const name of disk.names(path) ?? []) pruneBelow(`${path}/${name}`)
    if (disk.names(path)?.length === 0) disk.delete(path)
  }

  const self: FakeInbox = {
    otherDisks: [],
    reading: () => {},
    get looks() {
      return looks
    },
    async drops() {
      looks++
      const names = (disk.names('inbox') ?? []).filter(isDropName).sort(byName)
      return names.flatMap((name) => {
        const seen = picture(`inbox/${name}`)
        return seen === undefined ? [] : [{ name, picture: seen }]
      })
    },
    rejected: async () => (disk.names('inbox/rejected') ?? []).filter(isRejectedName).sort(byName),
    picture: async (path) => picture(path),
    members: async (path) => members(path),
    readManifest(path) {
      const text = disk.read(path)
      return text === undefined ? { status: 'missing' } : { status: 'text', text }
    },
    async compare(dropped, here, passedOver) {
      await self.reading(dropped)
      return difference(dropped, here, passedOver)
    },
    async place(from, to) {
      if (disk.stat(from) === undefined) return 'gone'
      const isEmptied = disk.stat(from)?.kind === 'folder' && disk.names(to)?.length === 0
      if (disk.stat(to) !== undefined && !isEmptied) return 'occupied'
      if (diskOf(from) !== diskOf(to)) return 'other-disk'
      await disk.writer.rename(from, to)
      return 'placed'
    },
    async copy(from, to) {
      acts.begin('copy', `${from} → ${to}`)
      await self.reading(from)
      for (const member of members(from)) {
        const target = join(to, member.path).replace(/\/$/, '')
        if (member.kind === 'folder') disk.write(`${target}/`)
        else {
          acts.begin('copy', target)
          disk.write(target, disk.read(join(from, member.path).replace(/\/$/, '')) ?? '')
        }
      }
    },
    async write(path, text) {
      acts.begin('write', path)
      if (disk.stat(path) === undefined) disk.write(path, text)
    },
    async prune(path) {
      acts.begin('prune', path)
      pruneBelow(path)
    },
    fileNow: async () => now(),
  }
  return self
}

export interface FakeClaims extends Claims {
  readonly slugs: readonly string[]
}

export function fakeClaims(acts: Acts): FakeClaims {
  const written = new Map<string, string>()
  return {
    async write(claim) {
      acts.begin('write', `claim ${claim.drop}`)
      written.set(claim.slug, JSON.stringify(claim))
    },
    async remove(slug) {
      acts.begin('remove', `claim ${slug}`)
      written.delete(slug)
    },
    left: () => [...written.values()].map((text) => JSON.parse(text) as Claim),
    get slugs() {
      return [...written.keys()]
    },
  }
}
