import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import type { Files } from './recordings.ts'

/** A folder on its way into the inbox. */
export interface Delivery {
  readonly name: string
  readonly files: Files
  readonly inbox: string
  /** Folders outside of the workspace: on its file system, and on another one. */
  readonly rigs: { readonly same: string; readonly other: string }
  readonly quietMs: number
  readonly chance: Chance
}

/** Puts a folder into the inbox; resolves with what came to lie there, once the last byte does. */
type Manner = (delivery: Delivery) => Promise<Files>

export const manners: Readonly<Record<string, Manner>> = {
  async 'cp -r'(it) {
    const from = writeRig(it.rigs.same, it)
    await run('cp', '-r', from, `${it.inbox}/${it.name}`)
    return leave(it, from)
  },
  async 'cp -a, with old times'(it) {
    const from = writeRig(it.rigs.same, it)
    await run('find', from, '-exec', 'touch', '-h', '-d', '2020-02-02', '{}', '+')
    await run('cp', '-a', from, `${it.inbox}/${it.name}`)
    return leave(it, from)
  },
  async mv(it) {
    const from = writeRig(it.rigs.same, it)
    await run('mv', from, `${it.inbox}/${it.name}`)
    return leave(it, from)
  },
  async 'mv from another file system'(it) {
    const from = writeRig(it.rigs.other, it)
    await run('mv', from, `${it.inbox}/${it.name}`)
    return leave(it, from)
  },
  async rsync(it) {
    const from = writeRig(it.rigs.other, it)
    const pace = it.chance.yes(0.3) ? ['--bwlimit=200'] : []
    await run('rsync', '-r', ...pace, `${from}/`, `${it.inbox}/${it.name}/`)
    return leave(it, from)
  },
  'file by file': (it) => inPieces(it, ([path, content]) => [[path, content]]),
  'growing files': (it) => inPieces(it, ([path, content]) => thirds(content).map((piece) => [path, piece])),
  async 'file by file, then READY'(it) {
    const files = await inPieces(it, ([path, content]) => [[path, content]])
    const ready = Buffer.from(`all of ${it.name}`)
    writeFileSync(`${it.inbox}/${it.name}/READY`, ready)
    return new Map([...files, ['READY', ready]])
  },
  async 'temporary names'(it) {
    const suffix = it.chance.pick(['.part', '.tmp', '.filepart', '.crdownload'])
    for (const [path, content] of it.files) {
      writeBelow(`${it.inbox}/${it.name}`, `${path}${suffix}`, content)
      // Longer than the quiet window: the name says that it goes on.
      await wait(it.chance.next() * it.quietMs * 1.5)
    }
    const at = (path: string) => `${it.inbox}/${it.name}/${path}`
    for (const path of it.files.keys()) renameSync(at(`${path}${suffix}`), at(path))
    return it.files
  },
  async 'a temporary folder'(it) {
    const temporary = `${it.inbox}/${it.chance.pick([`.${it.name}.x7Kq2A`, `${it.name}.part`])}`
    for (const [path, content] of it.files) {
      writeBelow(temporary, path, content)
      await wait(it.chance.next() * it.quietMs * 1.5)
    }
    renameSync(temporary, `${it.inbox}/${it.name}`)
    return it.files
  },
}

async function run(command: string, ...args: string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`)
}

function writeBelow(folder: string, path: string, content: Buffer): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), content)
}

/** The folder as a rig has it, outside of the workspace, in a folder of its own. */
function writeRig(rig: string, { name, files }: Delivery): string {
  const folder = join(mkdtempSync(`${rig}/`), name)
  for (const [path, content] of files) writeBelow(folder, path, content)
  return folder
}

function leave({ files }: Delivery, from: string): Files {
  rmSync(dirname(from), { recursive: true })
  return files
}

function thirds(content: Buffer): Buffer[] {
  const third = Math.ceil(content.length / 3)
  return [content.subarray(0, third), content.subarray(third, 2 * third), content.subarray(2 * third)]
}

type Piece = readonly [path: string, content: Buffer]

/** Pauses are shorter than this share of the quiet window, and a machine that stood still for more ends the delivery. */
const pauseShare = 0.25
const lateShare = 0.6

/**
 * Appends pieces with pauses that are shorter than the quiet window. Should the machine stand still for too long, what lies
 * there by then is all that comes: labmake may take it at any moment.
 */
async function inPieces(it: Delivery, piecesOf: (file: Piece) => readonly Piece[]): Promise<Files> {
  const delivered = new Map<string, Buffer>()
  const pieces = [...it.files].flatMap(piecesOf)
  let lastMs = performance.now()
  for (const [i, [path, piece]] of pieces.entries()) {
    if (i > 0) await wait(it.chance.next() * it.quietMs * pauseShare)
    if (i > 0 && performance.now() - lastMs > it.quietMs * lateShare) break
    const at = join(it.inbox, it.name, path)
    mkdirSync(dirname(at), { recursive: true })
    appendFileSync(at, piece)
    lastMs = performance.now()
    delivered.set(path, Buffer.concat([delivered.get(path) ?? Buffer.alloc(0), piece]))
  }
  return delivered
}

/** Is this folder on another file system than that one? */
export const isOtherDisk = (a: string, b: string) => statSync(a).dev !== statSync(b).dev
