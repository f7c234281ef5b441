import { UserError } from '../../src/model/errors.ts'
import {
  type Disk,
  DiskFault,
  type DiskWriter,
  type Entry,
  type EntryKind,
  exchangeSuffix,
} from '../../src/model/ports.ts'
import type { Acts } from './acts.ts'

interface File {
  readonly kind: 'file'
  content: string
  mtimeNs: bigint
}
interface Folder {
  readonly kind: 'folder'
  readonly members: Map<string, Node>
}
interface Link {
  readonly kind: 'link'
  readonly to: string
}
type Node = File | Folder | Link

/** A disk in memory. Paths are relative to the workspace, or absolute; a new file is as old as the clock says. */
export interface FakeDisk extends Disk {
  readonly writer: DiskWriter
  /** Writes a file, or makes a folder if the path ends in a slash; the folders above are made too. */
  write(path: string, content?: string): void
  /** The content of a file, links followed; undefined if there is none. */
  read(path: string): string | undefined
  /** A symbolic link; `to` is from the folder that the link lies in. */
  link(path: string, to: string): void
  delete(path: string): void
  /** Sets a file's time to this many seconds ago; negative is the future. */
  age(path: string, time: { readonly seconds: number }): void
  /** Nobody may look at what lies here. */
  deny(path: string): void
  /** All files below a folder with their contents, sorted by path; links as `-> text`. */
  tree(folder?: string): Record<string, string>
}

export function fakeDisk(now: () => number, acts: Acts): FakeDisk {
  const root: Folder = { kind: 'folder', members: new Map() }
  const denied = new Set<string>()
  const split = (path: string) => path.split('/').filter((name) => name !== '' && name !== '.')
  const nowNs = () => BigInt(Math.round(now())) * 1_000_000n

  /** The node at a path; links on the way are followed, and at its end if `follow`. */
  function find(path: string, follow: boolean, depth = 0): Node | undefined {
    if (depth > 20) return undefined
    let node: Node = root
    const names = split(path)
    for (const [i, name] of names.entries()) {
      if (node.kind !== 'folder') return undefined
      const next = node.members.get(name)
      if (next === undefined) return undefined
      if (next.kind === 'link' && (follow || i < names.length - 1)) {
        const target = next.to.startsWith('/') ? next.to : resolve(names.slice(0, i), next.to)
        return find([target, ...names.slice(i + 1)].join('/'), follow, depth + 1)
      }
      node = next
    }
    return node
  }

  function folderAt(path: string): Folder {
    let folder = root
    for (const name of split(path)) {
      const next = folder.members.get(name) ?? { kind: 'folder', members: new Map<string, Node>() }
      if (next.kind !== 'folder') throw new Error(`${path}: a file stands where a folder is expected`)
      folder.members.set(name, next)
      folder = next
    }
    return folder
  }

  function look(path: string): void {
    for (const at of denied) {
      if (path === at || path.startsWith(`${at}/`)) {
        throw new UserError(`cannot look at ${path}: permission denied`, { hint: 'Mend the permissions.' })
      }
    }
  }

  const parent = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')))
  const base = (path: string) => path.slice(path.lastIndexOf('/') + 1)
  const kindOf = (node: Node | undefined): EntryKind =>
    node === undefined || node.kind === 'link' ? 'other' : node.kind

  function put(path: string, node: Node): void {
    folderAt(parent(path)).members.set(base(path), node)
  }

  function take(action: string, path: string): Node {
    const node = find(path, false)
    if (node === undefined) throw new DiskFault(action, path, 'it is not there')
    const folder = find(parent(path), true) as Folder
    folder.members.delete(base(path))
    return node
  }

  function rename(from: string, to: string): void {
    const there = find(to, false)
    if (there?.kind === 'folder' && there.members.size > 0) {
      throw new DiskFault('rename', to, 'the folder is not empty')
    }
    if (find(parent(to), true)?.kind !== 'folder') throw new DiskFault('rename', to, 'it is not there')
    put(to, take('rename', from))
  }

  const writer: DiskWriter = {
    async makeFolder(path) {
      acts.begin('make folder', path)
      folderAt(path)
    },
    async rename(from, to) {
      acts.begin('rename', `${from} → ${to}`)
      rename(from, to)
    },
    expectExchange() {},
    async exchange(a, b) {
      const first = find(a, false)
      const second = find(b, false)
      if (first === undefined || second === undefined) throw new DiskFault('exchange', a, 'it is not there')
      acts.begin('exchange', `${a} ⇄ ${b}`)
      // Folders in one step of the kernel; files in two, between which labmake may be killed.
      if (first.kind === 'file' && second.kind === 'file') {
        put(`${a}${exchangeSuffix}`, second)
        put(b, take('exchange', a))
        try {
          acts.begin('exchange', `${a}, second half`)
        } catch (error) {
          if (error instanceof DiskFault) {
            put(a, first)
            put(b, take('exchange', `${a}${exchangeSuffix}`))
          }
          throw error
        }
        put(a, take('exchange', `${a}${exchangeSuffix}`))
        return
      }
      put(a, second)
      put(b, first)
    },
    async move(from, to) {
      acts.begin('move', `${from} → ${to}`)
      folderAt(parent(to))
      rename(from, to)
    },
    async remove(path) {
      acts.begin('remove', path)
      if (find(path, false) !== undefined) take('remove', path)
    },
    async flush(path) {
      acts.begin('flush', path)
      if (find(path, true) === undefined) throw new DiskFault('flush', path, 'it is not there')
    },
    async flushNames(folder, { before }) {
      acts.begin('flush names', `${folder} before ${before}`)
    },
  }

  return {
    writer,
    stat(path) {
      look(path)
      const own = find(path, false)
      if (own === undefined) return undefined
      const link = own.kind === 'link' ? own.to : undefined
      const node = find(path, true)
      if (node === undefined || node.kind === 'link') return { kind: 'other', sizeBytes: 0, mtimeNs: 0n, link }
      // A folder's own time means nothing: here it is always now, so that a test shows whether anybody looks at it.
      if (node.kind === 'folder') return { kind: 'folder', sizeBytes: 4096, mtimeNs: nowNs(), link }
      return { kind: 'file', sizeBytes: node.content.length, mtimeNs: node.mtimeNs, link }
    },
    names(path) {
      return this.list(path)?.map((entry) => entry.name)
    },
    list(path) {
      look(path)
      const node = find(path, true)
      if (node?.kind !== 'folder') return undefined
      return [...node.members].map(([name, member]): Entry => {
        return { name, kind: kindOf(member.kind === 'link' ? find(`${path}/${name}`, true) : member) }
      })
    },
    glob(glob, kind) {
      const matches = globRegex(glob)
      const start = glob.startsWith('/') ? '/' : ''
      return [...walk(root, start)]
        .filter(([path, node]) => matches.test(path) && kindOf(node.kind === 'link' ? find(path, true) : node) === kind)
        .map(([path]) => path)
        .sort()
    },
    write(path, content = '') {
      if (path.endsWith('/')) folderAt(path)
      else {
        const node = find(path, true)
        if (node?.kind === 'file') Object.assign(node, { content, mtimeNs: nowNs() })
        else put(path, { kind: 'file', content, mtimeNs: nowNs() })
      }
    },
    read(path) {
      const node = find(path, true)
      return node?.kind === 'file' ? node.content : undefined
    },
    link: (path, to) => put(path, { kind: 'link', to }),
    delete: (path) => void take('remove', path),
    age(path, { seconds }) {
      const node = find(path, true)
      if (node?.kind !== 'file') throw new Error(`no file ${path} to age`)
      node.mtimeNs = nowNs() - BigInt(Math.round(seconds * 1e9))
    },
    deny: (path) => void denied.add(path),
    tree(folder = '') {
      const node = folder === '' ? root : find(folder, true)
      const files = node?.kind === 'folder' ? [...walk(node, folder === '' ? '' : `${folder}/`)] : []
      const shown = files.flatMap(([path, file]): [string, string][] =>
        file.kind === 'file' ? [[path, file.content]] : file.kind === 'link' ? [[path, `-> ${file.to}`]] : [],
      )
      return Object.fromEntries(shown.sort(([a], [b]) => (a < b ? -1 : 1)))
    },
  }
}

/** `a/b` and `../c` → `a/c`: links are written from the folder that they lie in. */
function resolve(folder: readonly string[], to: string): string {
  const names = [...folder]
  for (const name of to.split('/')) {
    if (name === '..') names.pop()
    else if (name !== '.') names.push(name)
  }
  return names.join('/')
}

function* walk(folder: Folder, prefix: string): Generator<[string, Node]> {
  for (const [name, node] of folder.members) {
    yield [prefix + name, node]
    if (node.kind === 'folder') yield* walk(node, `${prefix}${name}/`)
  }
}

/** What of fast-glob's language labmake uses: `*`, `**` and backslashes; no name that begins with a dot. */
function globRegex(glob: string): RegExp {
  const names = glob.split('/').map((name, i, all) => {
    const slash = i === all.length - 1 ? '' : '/'
    if (name === '**') return slash === '' ? '(?:(?!\\.)[^/]+/)*(?!\\.)[^/]+' : '(?:(?!\\.)[^/]+/)*'
    const source = [...name.matchAll(/\\(.)|\*|([^\\*])/gu)].map(([whole, escaped, plain]) =>
      whole === '*' ? '[^/]*' : (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'),
    )
    return `${name.startsWith('*') ? '(?!\\.)' : ''}${source.join('')}${slash}`
  })
  return new RegExp(`^${names.join('')}$`, 'u')
}
