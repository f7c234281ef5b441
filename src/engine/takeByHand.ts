import { inboxFolder, isDropName, rejectedFolder } from '../core/dropNames.ts'
import { conflictHint, conflictText } from '../core/dropText.ts'
import { isBatchName } from '../core/names.ts'
import { didYouMean } from '../core/suggest.ts'
import type { Action, ActionResult } from '../model/action.ts'
import { assertNever } from '../model/errors.ts'
import type { Claim } from '../model/inbox.ts'
import type { Disk } from '../model/ports.ts'
import type { TakeEnd } from './taker.ts'

interface Inside {
  readonly disk: Pick<Disk, 'stat' | 'names'>
  readonly isTaking: (name: string) => boolean
}

/** Where the drop lies that a person names, as `B1`, `rejected/B1` or by its path; or why it cannot be taken. */
export function findDrop(
  typed: string,
  how: Extract<Action, { type: 'take' }>['how'],
  { disk, isTaking }: Inside,
): { readonly name: string; readonly at: string } | ActionResult {
  const [, rejected, name] = /^(?:inbox\/)?(rejected\/)?([^/]+)\/?$/.exec(typed) ?? []
  if (name === undefined || name.startsWith('.') || (name === 'rejected' && rejected === undefined)) {
    return nothing(`"${typed}" is not the name of a drop: labmake inbox lists them.`)
  }
  if (typeof how === 'object' && !isBatchName(how.as)) {
    return nothing(
      `"${how.as}" cannot be the name of a batch: letters, digits and . _ + -, beginning with a letter or digit.`,
    )
  }
  if (isTaking(name)) return nothing(`${name} is being taken already.`)
  const places = [`${rejectedFolder}/${name}`]
  if (rejected === undefined) places.unshift(`${inboxFolder}/${name}`)
  const at = places.find((place) => disk.stat(place) !== undefined)
  if (at !== undefined) return { name, at }
  const names = [...(disk.names(inboxFolder) ?? []), ...(disk.names(rejectedFolder) ?? [])].filter(isDropName)
  const near = didYouMean(name, names)
  return nothing(`There is no ${name} in the inbox.${near === undefined ? '' : ` ${near}`}`)
}

function nothing(text: string): ActionResult {
  return { done: false, text, count: 0, undo: undefined }
}

/** What taking a drop came to. */
export function takeText(name: string, end: TakeEnd): ActionResult {
  switch (end.status) {
    case 'ended':
      return endedText(name, end.claim)
    case 'slow': {
      const text = `Taking ${name}: it is being compared or copied, which takes a while.`
      return { done: true, text, count: 1, undo: undefined }
    }
    case 'gone':
      return nothing(`${name} is not in the inbox any more.`)
    case 'changed':
      return nothing(`${name} is in the inbox again: it changed, or something came to be where it belongs.`)
    case 'fault':
      return nothing(`${name} was not taken: ${end.text}.`)
    default:
      return assertNever(end)
  }
}

function endedText(name: string, { record: { outcome }, moves }: Claim): ActionResult {
  switch (outcome.kind) {
    case 'taken': {
      const replaced = moves.flatMap((move) => move.replaced ?? [])
      const kept = replaced.length === 0 ? '' : ` What was there is kept in ${replaced.join(', ')}.`
      const text = `Took ${name}: it is kept as ${outcome.stored.join(', ')}.${kept}`
      return { done: true, text, count: outcome.stored.length, undo: undefined }
    }
    case 'same': {
      const text = `${name} is here already, the very same, as ${outcome.as.join(', ')}. The second one is kept in ${outcome.attic}.`
      return { done: true, text, count: 0, undo: undefined }
    }
    case 'refused':
      return nothing(`${name} was not taken: ${outcome.why}. ${outcome.hint ?? ''}`.trim())
    case 'conflict':
      return nothing(`${name} was not taken: ${conflictText(outcome)}. ${conflictHint(outcome.kept)}`)
    default:
      return assertNever(outcome)
  }
}
