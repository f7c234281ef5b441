import { neverCounts, stagingPrefix } from './names.ts'

export const inboxFolder = 'inbox'
export const rejectedFolder = 'inbox/rejected'

/** A sender's word that all is there. */
export const readyName = 'READY'

/** What a claimed drop lies in: a folder of its own, which is no drop. */
export const claimFolder = (slug: string) => `${inboxFolder}/${stagingPrefix}${slug}`

const temporaryName = /^\.|\.(part|tmp|filepart|crdownload)$|~$/i

/** Names that copying programs give to what is not whole yet (rsync's `.name.XXXXXX` and `.~tmp~`, `*.part`, `*.filepart`). */
export function isTemporary(name: string): boolean {
  return temporaryName.test(name) && !isLitter(name)
}

/** What desktops and editors leave behind. A name with ~ at its end may be an editor's or a copy's: it is waited for. */
export function isLitter(name: string): boolean {
  return neverCounts(name) && !name.endsWith('~')
}

const whySuffix = '.why.txt'

/** Is this, in `inbox/` itself, something that was dropped? */
export function isDropName(name: string): boolean {
  return isRejectedName(name) && name !== 'rejected'
}

/** Is this, in `inbox/rejected/`, something that was refused, and not the text beside it? */
export function isRejectedName(name: string): boolean {
  return !name.startsWith('.') && !neverCounts(name) && !name.endsWith(whySuffix)
}

/** A name for the text beside a refused drop, and for `B1 (2).why.txt`, must fit where the drop's own did: 255 bytes. */
const longestBytes = 230

/** The text that says why a drop was refused lies beside it. */
export function whyName(kept: string): string {
  return `${cutBytes(kept, longestBytes)}${whySuffix}`
}

/** `B1`, or `B1 (2)` where that is taken, and so on. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name
  for (let number = 2; ; number++) {
    const numbered = `${cutBytes(name, longestBytes)} (${number})`
    if (!isTaken(numbered)) return numbered
  }
}

function cutBytes(text: string, most: number): string {
  const encoder = new TextEncoder()
  if (encoder.encode(text).length <= most) return text
  let cut = ''
  let bytes = 0
  for (const character of text) {
    bytes += encoder.encode(character).length
    if (bytes > most) return cut
    cut += character
  }
  return cut
}
