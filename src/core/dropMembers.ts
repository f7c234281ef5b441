import type { DropMember } from '../model/inbox.ts'
import { type Refusal, refuse, shownMember } from './dropVerdict.ts'

/** Only regular files and folders are taken, and links that stay inside. */
export function checkMembers(drop: string, members: readonly DropMember[]): Refusal | undefined {
  for (const member of members) {
    const shown = shownMember(drop, member.path)
    switch (member.kind) {
      case 'unreadable':
        return refuse(
          `${shown} cannot be read: ${member.problem}`,
          'Let labmake read it (chmod -R a+rX, or ask whoever owns it), then take it up again.',
        )
      case 'special':
        return refuse(`${shown} is ${member.what}`, 'Only files and folders can be taken. Remove it.')
      case 'link':
        if (member.path === '') {
          return refuse(
            `it is a link to ${member.to}`,
            'Drop the recording itself: labmake keeps what it takes, and a link would keep nothing.',
          )
        }
        if (leaves(member, '')) return leavingLink(member.path, drop)
        if (member.broken)
          return refuse(`${shown} is a link to ${member.to}, which is not there`, 'Copy what it should point to.')
        break
      default:
    }
  }
  return undefined
}

export function leavingLink(path: string, drop: string): Refusal {
  return refuse(
    `${shownMember(drop, path)} is a link that leads out of the recording`,
    'Put the file itself in its place: cp -rL copies what links point to.',
  )
}

/** Does a link below `folder` lead out of it, by its text? */
export function leaves(link: DropMember, folder: string): boolean {
  if (link.kind !== 'link' || (folder !== '' && !link.path.startsWith(`${folder}/`))) return false
  if (link.to.startsWith('/')) return true
  const names = link.path.slice(folder === '' ? 0 : folder.length + 1).split('/')
  names.pop()
  for (const name of link.to.split('/')) {
    if (name === '' || name === '.') continue
    if (name !== '..') names.push(name)
    else if (names.pop() === undefined) return true
  }
  return false
}
