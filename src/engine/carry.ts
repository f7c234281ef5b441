import { freeName, isDropName, rejectedFolder, whyName } from '../core/dropNames.ts'
import { baseName } from '../core/dropVerdict.ts'
import { stagingPrefix } from '../core/names.ts'
import { isSamePicture, pictureText } from '../core/settling.ts'
import type { Claim, ClaimedMove, Claims, Inbox } from '../model/inbox.ts'
import { type Disk, DiskFault, type DiskWriter } from '../model/ports.ts'
import type { DropRecord } from '../model/record.ts'
import type { Lane } from './lanes.ts'

/**
 * Takes a claim to its end. Where it stands is told by what lies where: each act is a rename, or the removal of what is a
 * copy by then, and is left out if it was done before. So a claim can be carried on after a kill at any instant.
 */
export interface CarryPorts {
  readonly inbox: Inbox
  readonly claims: Claims
  readonly writer: DiskWriter
  readonly disk: Disk
}

/** `stopped`: something came to be where it belongs, or somebody still writes to it: what was not placed is to be put back. */
export type CarryEnd = { readonly status: 'done' | 'stopped'; readonly claim: Claim }

export interface CarryOptions {
  readonly lane: Lane
  /** Appends to the journal, once. Throws DiskFault. */
  readonly note: (record: DropRecord) => Promise<void>
}

/** Does what the claim says, and writes the journal. Throws DiskFault; then the claim is as it was, to be carried on later. */
export async function carryOut(claim: Claim, { lane, note }: CarryOptions, ports: CarryPorts): Promise<CarryEnd> {
  if (claim.oldWhy !== undefined && isThere(claim.oldWhy, ports)) {
    await toAttic(claim.oldWhy, `${claim.attic}/${baseName(claim.oldWhy)}`, claim, ports)
  }
  for (const [i, move] of claim.moves.entries()) {
    if (await carry(move, claim, lane, ports)) continue
    return { status: 'stopped', claim: await stop(claim, i, note, ports) }
  }
  const ended = claim.rejected === undefined ? claim : await reject(claim, claim.rejected.kept, ports)
  await keepRest(ended, ports)
  await note(ended.record)
  await ports.claims.remove(ended.slug)
  await ports.inbox.prune(ended.folder)
  return { status: 'done', claim: ended }
}

const isThere = (path: string, { disk }: CarryPorts) => disk.stat(path) !== undefined
const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'))
const stagedAt = (move: ClaimedMove) => `${move.staging}/${baseName(move.to)}`
/** What is replaced waits here, beside its old place, on its way to the attic. */
const asideAt = (move: ClaimedMove) => `${move.staging}/replaced/${baseName(move.to)}`

/** Puts one thing where it belongs. False if that is not possible now. */
async function carry(planned: ClaimedMove, claim: Claim, lane: Lane, ports: CarryPorts): Promise<boolean> {
  const { inbox, writer } = ports
  let move = planned
  if (isThere(move.from, ports) && move.copied === undefined) {
    await writer.makeFolder(parentOf(move.to))
    if (move.replaced === undefined) {
      const placing = await inbox.place(move.from, move.to)
      if (placing !== 'other-disk') return placing === 'placed'
    }
    // What an earlier labmake did not finish copying.
    await writer.remove(stagedAt(move))
    await writer.makeFolder(move.staging)
    const staging = await inbox.place(move.from, stagedAt(move))
    if (staging === 'other-disk') {
      const copied = await copyWhole(move, lane, ports)
      if (copied === undefined) return false
      move = { ...move, copied }
      await ports.claims.write({ ...claim, moves: claim.moves.map((other) => (other === planned ? move : other)) })
    } else if (staging !== 'placed') return false
  }
  if (isThere(stagedAt(move), ports)) {
    if (move.replaced !== undefined && isThere(move.to, ports) && !isThere(asideAt(move), ports)) {
      await writer.makeFolder(parentOf(asideAt(move)))
      await writer.rename(move.to, asideAt(move))
    }
    if ((await inbox.place(stagedAt(move), move.to)) !== 'placed') return false
  }
  if (move.replaced !== undefined && isThere(asideAt(move), ports))
    await toAttic(asideAt(move), move.replaced, claim, ports)
  if (move.copied !== undefined) {
    await writer.flushNames(parentOf(move.to), { before: parentOf(move.from) })
    await removeCopied(move.from, move.copied, ports)
  }
  await inbox.prune(move.staging)
  return true
}

/** Copies, flushes and compares. The picture of what was copied; undefined if somebody wrote to it meanwhile. */
async function copyWhole(move: ClaimedMove, lane: Lane, { inbox, writer }: CarryPorts): Promise<string | undefined> {
  const before = await inbox.picture(move.from)
  if (before === undefined) return undefined
  await lane.enter(before.bytes)
  try {
    await inbox.copy(move.from, stagedAt(move))
    await writer.flush(stagedAt(move))
    const after = await inbox.picture(move.from)
    const differs = await inbox.compare(move.from, stagedAt(move), [])
    if (after !== undefined && isSamePicture(before, after) && differs === undefined) return pictureText(before)
  } catch (fault) {
    // Half a copy of a large recording would fill the disk until somebody made room.
    await writer.remove(move.staging)
    throw fault
  }
  await writer.remove(move.staging)
  return undefined
}

/** The copy in the inbox goes last, and only if it is still what was copied. */
async function removeCopied(from: string, copied: string, { inbox, writer }: CarryPorts): Promise<void> {
  const now = await inbox.picture(from)
  if (now !== undefined && pictureText(now) === copied) await writer.remove(from)
}

/** Moves something to the attic, where it replaces nothing. */
async function toAttic(from: string, wanted: string, claim: Claim, ports: CarryPorts): Promise<void> {
  const { inbox, writer } = ports
  const folder = parentOf(wanted)
  const free = () => `${folder}/${freeName(baseName(wanted), (name) => isThere(`${folder}/${name}`, ports))}`
  await writer.makeFolder(folder)
  const placing = await inbox.place(from, free())
  if (placing === 'placed' || placing === 'gone') return
  if (placing === 'occupied') throw new DiskFault('move to the attic', from, 'something is there already')
  // Killed after the copy was made and before the original went: it is not kept twice.
  if (!isThere(wanted, ports) || (await inbox.compare(from, wanted, [])) !== undefined) {
    const half = `${folder}/${stagingPrefix}${claim.slug}`
    await writer.remove(half)
    await inbox.copy(from, half)
    await writer.flush(half)
    await inbox.place(half, free())
    await writer.flushNames(folder, { before: parentOf(from) })
  }
  await writer.remove(from)
}

/** Moves a drop that is not taken to `inbox/rejected/`, with the reason beside it. */
async function reject(claim: Claim, wanted: string, ports: CarryPorts): Promise<Claim> {
  const { inbox, writer } = ports
  const from = `${claim.folder}/${claim.drop}`
  await writer.makeFolder(rejectedFolder)
  let kept = wanted
  if (isThere(from, ports)) {
    kept = freeRejected(wanted, ports)
    if (kept !== wanted) await ports.claims.write(keptAs(claim, kept))
    const placing = await inbox.place(from, `${rejectedFolder}/${kept}`)
    if (placing !== 'placed') throw new DiskFault('move', from, 'something is in the way in inbox/rejected/')
  }
  await inbox.write(`${rejectedFolder}/${whyName(kept)}`, claim.rejected?.text ?? '')
  return keptAs(claim, kept)
}

/** A name that neither a drop nor the text beside one has in `inbox/rejected/`. */
export function freeRejected(name: string, { disk }: Pick<CarryPorts, 'disk'>): string {
  const taken = (path: string) => disk.stat(`${rejectedFolder}/${path}`) !== undefined
  return freeName(name, (candidate) => taken(candidate) || taken(whyName(candidate)))
}

function keptAs(claim: Claim, kept: string): Claim {
  const { record, rejected } = claim
  if (rejected === undefined || !('kept' in record.outcome)) return claim
  return { ...claim, rejected: { ...rejected, kept }, record: { ...record, outcome: { ...record.outcome, kept } } }
}

/** What is left of a drop (the second of two that are the same, READY, .DS_Store) is kept; folders that are empty are not. */
async function keepRest(claim: Claim, ports: CarryPorts): Promise<void> {
  await ports.inbox.prune(`${claim.folder}/${claim.drop}`)
  for (const name of ports.disk.names(claim.folder) ?? []) {
    await toAttic(`${claim.folder}/${name}`, `${claim.attic}/${name}`, claim, ports)
  }
}

/** Ends a claim at its move `i`: what was placed is told, the rest is in its folder again. */
async function stop(claim: Claim, i: number, note: CarryOptions['note'], ports: CarryPorts): Promise<Claim> {
  const { inbox, writer } = ports
  for (const move of claim.moves.slice(i)) {
    if (isThere(asideAt(move), ports)) {
      const placing = await inbox.place(asideAt(move), move.to)
      if (placing !== 'placed') await toAttic(asideAt(move), move.replaced ?? `${claim.attic}/${move.to}`, claim, ports)
    }
    if (!isThere(stagedAt(move), ports)) continue
    if (isThere(move.from, ports)) await writer.remove(stagedAt(move))
    else await inbox.place(stagedAt(move), move.from)
    await inbox.prune(move.staging)
  }
  const placed = claim.moves.slice(0, i)
  const ended = withOnly(claim, placed)
  if (placed.length > 0) await note(ended.record)
  await ports.claims.remove(claim.slug)
  return ended
}

function withOnly(claim: Claim, moves: readonly ClaimedMove[]): Claim {
  const { outcome } = claim.record
  if (outcome.kind !== 'taken') return { ...claim, moves }
  const stored = outcome.stored.filter((path) => moves.some((move) => path === move.to || path === `${move.to}/`))
  return { ...claim, moves, record: { ...claim.record, outcome: { ...outcome, stored } } }
}

/**
 * What was claimed goes back to the inbox. A drop that meanwhile found a twin there waits in its folder until that is taken:
 * by another name it would be another batch. Returns whether nothing waits.
 */
export async function putBack(folder: string, ports: Pick<CarryPorts, 'inbox' | 'disk'>): Promise<boolean> {
  const { inbox, disk } = ports
  const isTaken = (name: string) => disk.stat(`inbox/${name}`) !== undefined
  let waits = false
  for (const name of disk.names(folder) ?? []) {
    const wanted = isDropName(name) ? name : freeName(name, isTaken)
    const placing = isTaken(wanted) ? 'occupied' : await inbox.place(`${folder}/${name}`, `inbox/${wanted}`)
    if (placing !== 'placed' && placing !== 'gone') waits = true
  }
  await inbox.prune(folder)
  return !waits
}
