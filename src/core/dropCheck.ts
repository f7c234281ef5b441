import type { DropMember } from '../model/inbox.ts'
import { manifestMove } from './dropManifest.ts'
import { checkMembers, leaves, leavingLink } from './dropMembers.ts'
import { isLitter, readyName } from './dropNames.ts'
import { explainNothing } from './dropRefusal.ts'
import { type DropUnit, findUnits, isInside } from './dropUnits.ts'
import {
  baseName,
  type DropContext,
  type DropMove,
  type DropVerdict,
  type Refusal,
  refuse,
  shownMember,
} from './dropVerdict.ts'
import { isBatchName } from './names.ts'
import { expandPattern } from './pattern.ts'
import { shownCommand } from './recipe.ts'

/**
 * What a whole drop is and where each part of it belongs. All of it is taken, or nothing: what belongs to no recording and is
 * no manifest would otherwise be left behind unseen. Manifests come first, so that no batch starts without its params.
 */
export function checkDrop(drop: string, members: readonly DropMember[], context: DropContext): DropVerdict {
  const bad = checkMembers(drop, members)
  if (bad !== undefined) return bad
  const files = members.flatMap((member) => (isCounted(member, drop) ? [member.path] : []))
  const links = members.filter(({ kind }) => kind === 'link')
  if (files.length === 0) return refuse('it holds no file', 'Copy the recording into it, then drop it again.')
  const units = findUnits(drop, files, context.acceptances)
  const byPath = new Map(units.map((unit) => [unit.path, unit]))
  const recordings: DropMove[] = []
  for (const unit of units) {
    const move = recordingMove(drop, unit, units.length, context)
    if ('status' in move) return move
    const outside = links.find((link) => leaves(link, unit.path))
    if (outside !== undefined) return leavingLink(outside.path, drop)
    recordings.push(move)
  }
  const manifests: DropMove[] = []
  for (const file of files) {
    if (byPath.has(file) || (isInside(file, byPath) && !isOwnManifest(file, byPath))) continue
    const move = manifestMove(drop, file, { units: units.length, context })
    if (move === undefined) return explainNothing({ drop, file, hasUnits: units.length > 0, context })
    if ('status' in move) return move
    manifests.push(move)
  }
  const moves = [...manifests, ...recordings]
  if (context.as !== undefined && recordings.length + (recordings.length === 0 ? manifests.length : 0) !== 1) {
    const many = recordings.length > 0 ? `${recordings.length} recordings` : `${manifests.length} manifests`
    return refuse(`${many} are in it, which cannot all be called ${context.as}`, 'Drop them one by one.')
  }
  return findTwice(moves, drop) ?? { status: 'take', moves }
}

/** A file that must belong somewhere. READY is a word to labmake, not a part of what was dropped. */
function isCounted({ kind, path }: DropMember, drop: string): boolean {
  const name = baseName(shownMember(drop, path))
  return (kind === 'file' || kind === 'link') && !isLitter(name) && (name !== readyName || path === '')
}

function recordingMove(drop: string, unit: DropUnit, count: number, context: DropContext): DropMove | Refusal {
  const { acceptance, isFile, path } = unit
  const { store } = acceptance
  const named = count === 1 && context.as !== undefined
  if (named && unit.binding.batch === undefined)
    return refuse('the rules store it by no batch, so it cannot be another one', 'Take it as it is.')
  const binding = named ? { ...unit.binding, batch: context.as } : unit.binding
  const { batch } = binding
  if (batch !== undefined && !isBatchName(batch)) {
    return refuse(
      `"${batch}" cannot be the name of a batch: it is letters, digits and . _ + -, begins with a letter or digit, and has at most 128 signs`,
      named
        ? 'Choose another name.'
        : `Rename it, or give it a name: ${shownCommand(['labmake', 'inbox', 'take', drop, '--as', 'NAME'])}.`,
    )
  }
  const twin = batch === undefined ? undefined : context.twinOf(batch)
  if (twin !== undefined) {
    return refuse(
      `there is a batch ${twin} already, whose name differs from ${batch} by case alone`,
      `If it is the same recording, call it ${twin}; if it is another one, give it another name.`,
    )
  }
  const place = expandPattern(store, binding)
  const name = baseName(shownMember(drop, path))
  const to = store.isFolder && isFile ? `${place}/${name}` : place
  if (!store.isFolder && !isFile) {
    return refuse(
      `${name} is a folder, and the rules store it as the file ${to}`,
      'End store: in the rule file in a slash.',
    )
  }
  const own = ['inbox', '.labmake', 'rules'].find((folder) => to === folder || to.startsWith(`${folder}/`))
  if (own !== undefined)
    return refuse(
      `the rules store it in ${own}/, which is labmake's own`,
      'Change store: in the rule file to a folder below data/.',
    )
  return { from: path, to, kind: 'recording', isFolder: !isFile, batch }
}

/** A recording's own manifest: it does not stay in its folder. */
function isOwnManifest(file: string, units: ReadonlyMap<string, DropUnit>): boolean {
  if (baseName(file) !== 'manifest.tsv') return false
  const folder = file.slice(0, Math.max(0, file.lastIndexOf('/')))
  return units.get(folder)?.isFile === false
}

/** Two parts of one drop that belong in one place, or would where case does not tell names apart. */
function findTwice(moves: readonly DropMove[], drop: string): Refusal | undefined {
  const seen = new Map<string, DropMove>()
  for (const move of moves) {
    const before = seen.get(move.to.toLowerCase())
    if (before !== undefined) {
      const [a, b] = [shownMember(drop, before.from), shownMember(drop, move.from)]
      return refuse(`${a} and ${b} would both be stored as ${move.to}`, 'Rename one of them, or drop them one by one.')
    }
    seen.set(move.to.toLowerCase(), move)
  }
  return undefined
}
