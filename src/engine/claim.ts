import { digest } from '../core/digest.ts'
import { checkDrop } from '../core/dropCheck.ts'
import { lostBatches } from '../core/dropManifest.ts'
import { claimFolder, readyName, rejectedFolder, whyName } from '../core/dropNames.ts'
import { conflictHint, conflictText, differenceText, rejectedText } from '../core/dropText.ts'
import { baseName, type DropContext, type DropMove } from '../core/dropVerdict.ts'
import { stagingPrefix } from '../core/names.ts'
import { isSameAfterRename } from '../core/settling.ts'
import type { Claim, ClaimedMove, DropPicture } from '../model/inbox.ts'
import { type Clock, DiskFault, type Journal } from '../model/ports.ts'
import type { DropRecord } from '../model/record.ts'
import { type CarryPorts, freeRejected } from './carry.ts'
import type { Lane } from './lanes.ts'
import { fileTime, places } from './ports.ts'

export interface ClaimPorts extends CarryPorts {
  readonly clock: Clock
  readonly journal: Pick<Journal, 'append'>
}

/** A drop that is to be taken. */
export interface Wanted {
  /** As the board knows it: its name in `inbox/` or `inbox/rejected/`. */
  readonly name: string
  /** The name that it was dropped by; another one where it lies in `inbox/rejected/` as `B1 (2)`. */
  readonly dropped: string
  /** Where it lies. */
  readonly at: string
  /** What made it whole; undefined where a person takes it as it is. */
  readonly picture: DropPicture | undefined
  readonly how: 'as-it-is' | 'replace' | { readonly as: string }
}

/** A drop in a folder of its own in the inbox, where nobody else finds it by its path. */
export interface Claimed {
  readonly slug: string
  readonly folder: string
  readonly path: string
  readonly picture: DropPicture
}

/**
 * `gone`: somebody took it away. `changed`: it is not what was whole. Both, and a fault of the disk, leave behind what
 * `putBack` clears away.
 */
export async function claimDrop(
  wanted: Wanted,
  slug: string,
  ports: ClaimPorts,
): Promise<Claimed | 'gone' | 'changed'> {
  const { inbox, writer } = ports
  const folder = claimFolder(slug)
  const path = `${folder}/${wanted.dropped}`
  await writer.makeFolder(folder)
  const placing = await inbox.place(wanted.at, path)
  if (placing === 'gone') return 'gone'
  if (placing !== 'placed') throw new DiskFault('move', wanted.at, 'it is a file system of its own')
  // Whoever writes to it by its path cannot any more. Who wrote just before the rename shows now.
  const picture = await inbox.picture(path)
  if (picture === undefined) return 'gone'
  if (wanted.picture !== undefined && !isSameAfterRename(wanted.picture, picture)) return 'changed'
  return { slug, folder, path, picture }
}

/** A name for a claim that no other ever had. */
export function claimSlug(name: string, clock: Clock): string {
  const unique = Math.floor(clock.random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')
  return `${digest(name).slice(0, 8)}-${clock.now().toString(36)}${unique}`
}

export interface Deciding {
  readonly context: Omit<DropContext, 'read' | 'as'>
  readonly lane: Lane
  /** Waits until nothing else is on its way to these places, and keeps them. Did it have to wait? */
  readonly reserve: (places: readonly string[]) => Promise<boolean>
}

/** What is to be done with a claimed drop. Nothing of it is done yet. */
export async function decide(wanted: Wanted, claimed: Claimed, how: Deciding, ports: ClaimPorts): Promise<Claim> {
  const { inbox } = ports
  const as = typeof wanted.how === 'object' ? wanted.how.as : undefined
  const read = (path: string) => inbox.readManifest(path === '' ? claimed.path : `${claimed.path}/${path}`)
  const check = (members: Awaited<ReturnType<typeof inbox.members>>) =>
    checkDrop(wanted.dropped, members, { ...how.context, read, as })
  const members = await inbox.members(claimed.path)
  let verdict = check(members)
  // Another drop may have come to be there while this one waited for it.
  if (verdict.status === 'take' && (await how.reserve(verdict.moves.map((move) => move.to)))) verdict = check(members)
  if (verdict.status === 'refuse') return refusal(wanted, claimed, { kind: 'refused', ...verdict }, ports)
  const fates: { readonly move: DropMove; readonly fate: Fate }[] = []
  for (const move of verdict.moves) {
    const fate = await fateOf(move, { moves: verdict.moves, wanted, claimed, how }, ports)
    if (fate.kind === 'conflict') {
      const hint = conflictHint(wanted.name)
      return refusal(wanted, claimed, { kind: 'conflict', why: fate.why, with: shown(move), hint }, ports)
    }
    fates.push({ move, fate })
  }
  return taking(wanted, claimed, fates, ports)
}

/** What happens to one thing of a drop. `same`: it is here already. `replaces`: what is here goes to the attic. */
type Fate = { readonly kind: 'new' | 'same' | 'replaces' } | { readonly kind: 'conflict'; readonly why: string }

interface FateContext {
  readonly moves: readonly DropMove[]
  readonly wanted: Wanted
  readonly claimed: Claimed
  readonly how: Deciding
}

async function fateOf(move: DropMove, { moves, wanted, claimed, how }: FateContext, ports: ClaimPorts): Promise<Fate> {
  const { inbox, disk } = ports
  const here = disk.stat(move.to)
  if (here === undefined) return { kind: 'new' }
  if (here.kind === 'folder' && move.isFolder && here.link === undefined && disk.names(move.to)?.length === 0) {
    return { kind: 'new' }
  }
  // A folder with nothing in it but what desktops leave is no recording.
  if (here.kind === 'folder' && (await inbox.picture(move.to))?.files === 0) return { kind: 'replaces' }
  if (here.kind === 'other') return otherwise(wanted, 'it is neither a file nor a folder there')
  if ((here.kind === 'folder') !== move.isFolder) return otherwise(wanted, `it is a ${here.kind} there`)
  await how.lane.enter(claimed.picture.bytes)
  const ownManifest = moves.some(({ from }) => from === inside(move.from, 'manifest.tsv'))
  const passedOver = [readyName, ...(ownManifest ? ['manifest.tsv'] : [])]
  const difference = await inbox.compare(memberPath(claimed, move.from), move.to, passedOver)
  if (difference === undefined) return { kind: 'same' }
  if (move.kind === 'recording') return otherwise(wanted, differenceText(difference))
  const lost = lostRows(move, claimed, ports)
  if (lost.length === 0) return { kind: 'replaces' }
  const names = `${lost.slice(0, 5).join(', ')}${lost.length > 5 ? `, and ${lost.length - 5} more` : ''}`
  return otherwise(wanted, `it has rows that this one lacks: ${names}`)
}

/** A person may say that what is here is to be replaced. */
const otherwise = ({ how }: Wanted, why: string): Fate =>
  how === 'replace' ? { kind: 'replaces' } : { kind: 'conflict', why }

function lostRows(move: DropMove, claimed: Claimed, { inbox }: ClaimPorts): string[] {
  const here = inbox.readManifest(move.to)
  const dropped = inbox.readManifest(memberPath(claimed, move.from))
  // What cannot be read names no batch: the new version is better than that.
  if (here.status !== 'text' || dropped.status !== 'text') return []
  return lostBatches(here.text, dropped.text)
}

const inside = (folder: string, name: string) => (folder === '' ? name : `${folder}/${name}`)
const memberPath = (claimed: Claimed, path: string) => (path === '' ? claimed.path : `${claimed.path}/${path}`)
const shown = (move: DropMove) => (move.isFolder ? `${move.to}/` : move.to)

type Rejection =
  | { readonly kind: 'refused'; readonly why: string; readonly hint: string }
  | { readonly kind: 'conflict'; readonly why: string; readonly hint: string; readonly with: string }

function refusal(wanted: Wanted, claimed: Claimed, rejection: Rejection, ports: ClaimPorts): Claim {
  const again = wanted.at.startsWith(`${rejectedFolder}/`)
  const kept = again ? wanted.name : freeRejected(wanted.dropped, ports)
  const { why, hint } = rejection
  const outcome: DropRecord['outcome'] =
    rejection.kind === 'refused'
      ? { kind: 'refused', why, hint, kept }
      : { kind: 'conflict', why, with: rejection.with, kept }
  const claim = claimOf(wanted, claimed, { outcome, moves: [] }, ports)
  const said = rejection.kind === 'refused' ? why : conflictText(rejection)
  return { ...claim, rejected: { kept, text: rejectedText({ drop: kept, at: claim.record.at, why: said, hint }) } }
}

function taking(
  wanted: Wanted,
  claimed: Claimed,
  fates: readonly { readonly move: DropMove; readonly fate: Fate }[],
  ports: ClaimPorts,
): Claim {
  const stored = fates.filter(({ fate }) => fate.kind !== 'same').map(({ move }) => move)
  const { slug, folder } = claimed
  const attic = atticFolder(wanted.dropped, slug, ports)
  const moves = fates.flatMap(({ move, fate }): ClaimedMove[] => {
    const from = memberPath(claimed, move.from)
    const staging = `${parentOf(move.to)}/${stagingPrefix}${slug}`
    const replaced = fate.kind === 'replaces' ? `${parentOf(attic)}/${move.to}` : undefined
    if (fate.kind !== 'same') return [{ from, to: move.to, batch: move.batch, staging, replaced, copied: undefined }]
    // A manifest that is here already is taken out of the recording that it would otherwise go along with.
    const goesAlong = stored.some(
      (other) => other.kind === 'recording' && inside(other.from, 'manifest.tsv') === move.from,
    )
    if (!goesAlong) return []
    const aside = `${folder}/${baseName(move.to)}`
    return [{ from, to: aside, batch: undefined, staging, replaced: undefined, copied: undefined }]
  })
  const { files, bytes } = claimed.picture
  const outcome: DropRecord['outcome'] =
    stored.length > 0
      ? { kind: 'taken', stored: stored.map(shown), files, bytes }
      : { kind: 'same', as: fates.map(({ move }) => shown(move)), attic: `${attic}/${wanted.dropped}` }
  return { ...claimOf(wanted, claimed, { outcome, moves }, ports), attic }
}

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'))

/** By the time, as old targets are; of two drops of one name in a second, the later has a folder of its own. */
function atticFolder(drop: string, slug: string, { disk, clock }: ClaimPorts): string {
  const byTime = `${places.attic}/${fileTime(clock.now())}/inbox`
  return disk.stat(`${byTime}/${drop}`) === undefined
    ? byTime
    : `${places.attic}/${fileTime(clock.now())}-${slug}/inbox`
}

function claimOf(
  wanted: Wanted,
  { slug, folder }: Claimed,
  { outcome, moves }: Pick<Claim, 'moves'> & Pick<DropRecord, 'outcome'>,
  ports: ClaimPorts,
): Claim {
  const again = wanted.at.startsWith(`${rejectedFolder}/`)
  return {
    slug,
    folder,
    drop: wanted.dropped,
    moves,
    rejected: undefined,
    oldWhy: again ? `${rejectedFolder}/${whyName(wanted.name)}` : undefined,
    attic: atticFolder(wanted.dropped, slug, ports),
    record: { type: 'drop', at: new Date(ports.clock.now()).toISOString(), drop: wanted.dropped, outcome },
  }
}
