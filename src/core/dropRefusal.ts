import { matchAcceptance } from './dropUnits.ts'
import { type DropContext, type Refusal, refuse, shownMember } from './dropVerdict.ts'
import { nearest } from './suggest.ts'

const archive = /\.(zip|tar|tgz|tbz2?|txz|7z|rar|gz|bz2|xz|zst)$/i

export interface Unplaced {
  readonly drop: string
  /** From inside the drop: it belongs to no recording and is no manifest. */
  readonly file: string
  /** Other parts of the drop are recordings. */
  readonly hasUnits: boolean
  readonly context: DropContext
}

/** Why a drop is not taken because of a file that no rule takes: what is most likely wrong, and what would be taken. */
export function explainNothing({ drop, file, hasUnits, context: { acceptances } }: Unplaced): Refusal {
  const shown = shownMember(drop, file)
  if (acceptances.length === 0) {
    return refuse(
      'no rule file says which recordings may be dropped',
      'Add inbox: to a rule file, such as: inbox: [{ accept: "{batch}/*.mat", store: data/mat/{batch}/ }]',
    )
  }
  const names = file === '' ? [drop] : [drop, ...file.split('/')]
  const base = names.at(-1)!
  if (archive.test(base))
    return refuse(`${shown} is an archive`, 'Unpack it, and drop the folder that comes out of it.')
  const accepted = acceptedText(acceptances.map(({ accept }) => `${accept.text}${accept.isFolder ? '/' : ''}`))
  const taken = (path: readonly string[]) => acceptances.find((one) => matchAcceptance(one, path, 'loose'))
  const capitals = taken([...names.slice(0, -1), base.toLowerCase()])
  if (capitals !== undefined) {
    return refuse(
      `${shown} is not taken because of its capitals: ${capitals.accept.text} is`,
      `Rename it to ${base.toLowerCase()}.`,
    )
  }
  const stem = base.replace(/\.[^.]*$/, '')
  if (names.length === 1 && taken([stem, base]) !== undefined) {
    return refuse(
      `${shown} lies in no folder of its own; ${accepted}`,
      `Make a folder by the name of the batch, put it into that, and drop the folder: ${stem}/${base}`,
    )
  }
  if (hasUnits) {
    return refuse(
      `${shown} belongs to no recording in it and is no manifest`,
      'Put it into the folder of the recording that it belongs to, or leave it out.',
    )
  }
  const near = nearest(
    base.replace(/^.*\./, '.'),
    acceptances.map(({ accept }) => accept.text.replace(/^.*\./, '.')),
  )
  const meant = near !== undefined && !base.endsWith(near) ? `Did you mean a file that ends in ${near}? ` : ''
  return refuse(
    `no rule takes ${shown}; ${accepted}`,
    `${meant}Rename or regroup the files, or add what you drop to inbox: in a rule file.`,
  )
}

function acceptedText(patterns: readonly string[]): string {
  const shown = patterns.slice(0, 6)
  const more = patterns.length > shown.length ? ', …' : ''
  return `what is taken: ${shown.join(', ')}${more}, and tables of batches as *.tsv`
}
