import { existsSync, lstatSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { cp, open, readdir, rename, rmdir } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { inboxFolder, isDropName, isRejectedName, rejectedFolder } from '../core/dropNames.ts'
import { byName, stagingPrefix } from '../core/names.ts'
import type { Inbox, Placing, SeenDrop } from '../model/inbox.ts'
import { DiskFault } from '../model/ports.ts'
import { compareTrees } from './compareFiles.ts'
import { describeErrno } from './disk.ts'
import { badSign, listMembers, type Pace, takePicture } from './inboxScan.ts'
import { readManifestText } from './manifests.ts'

/** The inbox of the workspace at `root`. */
export function openInbox(root: string): Inbox {
  const at = (path: string) => resolve(root, path)
  return {
    drops: () => acting('look at', inboxFolder, () => seeDrops(root)),
    rejected: () =>
      acting('look at', rejectedFolder, async () => namesIn(at(rejectedFolder)).filter(isRejectedName).sort(byName)),
    picture: (path) => acting('look at', path, () => takePicture(at(path), basename(path), { looks: 0 })),
    members: (path) => acting('look at', path, () => listMembers(at(path), { looks: 0 })),
    readManifest: (path) => readManifestText(at(path)),
    compare: (dropped, here, passedOver) =>
      acting('compare with what is here', dropped, () => compareTrees(at(dropped), at(here), passedOver)),
    place: (from, to) => acting('move', from, () => place(at(from), at(to))),
    copy: (from, to) => acting('copy', from, () => copy(at(from), at(to))),
    write: (path, text) => acting('write', path, () => writeNew(at(path), text)),
    prune: (path) => acting('clear away', path, () => prune(at(path))),
    fileNow: () => acting('write', inboxFolder, () => fileNow(at(inboxFolder))),
  }
}

async function acting<T>(action: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw error instanceof DiskFault ? error : new DiskFault(action, path, describeErrno(error))
  }
}

/** Names in a folder; none if there is no such folder. Throws the system's other errors. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

async function seeDrops(root: string): Promise<SeenDrop[]> {
  const pace: Pace = { looks: 0 }
  const drops: SeenDrop[] = []
  for (const name of namesIn(`${root}/${inboxFolder}`).filter(isDropName).sort(byName)) {
    const picture = await takePicture(openable(`${root}/${inboxFolder}/${name}`), name, pace)
    if (picture !== undefined) drops.push({ name, picture })
  }
  return drops
}

/** A path as the system needs it: where its name is no text in UTF-8, its bytes are looked up. */
function openable(path: string): string | Buffer {
  if (!basename(path).includes(badSign) || existsSync(path)) return path
  const folder = dirname(path)
  const bytes = readdirSync(folder, { encoding: 'buffer' }).find((name) => name.toString() === basename(path))
  return bytes === undefined ? path : Buffer.concat([Buffer.from(`${folder}/`), bytes])
}

async function place(from: string, to: string): Promise<Placing> {
  const source = openable(from)
  const there = lstatSync(to, { throwIfNoEntry: false })
  const moved = lstatSync(source, { throwIfNoEntry: false })
  if (moved === undefined) return 'gone'
  // A rename would replace a file without a word; a folder with something in it the system refuses itself.
  if (there !== undefined && !(there.isDirectory() && moved.isDirectory())) return 'occupied'
  try {
    await rename(source, to)
    return 'placed'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EXDEV') return 'other-disk'
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return 'occupied'
    if (code === 'ENOENT' && lstatSync(source, { throwIfNoEntry: false }) === undefined) return 'gone'
    throw new DiskFault('move', from, moveProblem(error, moved.isDirectory(), moved.uid))
  }
}

/** To move a folder into another one, the system asks for the right to write in the folder itself. */
function moveProblem(error: unknown, isFolder: boolean, owner: number): string {
  const { code } = error as NodeJS.ErrnoException
  const problem = describeErrno(error)
  if (!isFolder || (code !== 'EACCES' && code !== 'EPERM') || owner === process.getuid?.()) return problem
  return `${problem}: the folder is somebody else's, who has to let labmake move it (chmod -R g+w)`
}

async function copy(from: string, to: string): Promise<void> {
  const options = { recursive: true, errorOnExist: true, force: false }
  await cp(from, to, { ...options, preserveTimestamps: true, verbatimSymlinks: true })
}

async function writeNew(path: string, text: string): Promise<void> {
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
    throw error
  }
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

const notRemoved = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'])

async function prune(folder: string): Promise<void> {
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) await prune(`${folder}/${entry.name}`)
    }
    await rmdir(folder)
  } catch (error) {
    if (!notRemoved.has((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

async function fileNow(folder: string): Promise<number> {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return Date.now()
  const probe = `${folder}/${stagingPrefix}clock`
  writeFileSync(probe, '')
  try {
    return statSync(probe).ctimeMs
  } finally {
    unlinkSync(probe)
  }
}
