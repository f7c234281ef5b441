import type { DropState } from '../model/board.ts'
import { assertNever } from '../model/errors.ts'
import type { Difference } from '../model/inbox.ts'
import { formatSeconds } from './durations.ts'
import { shownCommand } from './recipe.ts'

/** What differs between what was dropped and what is here: a sentence without its full stop. */
export function differenceText({ path, how }: Difference): string {
  const file = path === '' ? 'it' : path
  switch (how) {
    case 'size':
      return `${file} has another size than the one that is here`
    case 'content':
      return `${file} has other content than the one that is here`
    case 'kind':
      return `${file} is something else than the one that is here`
    case 'only here':
      return `${file}, which is here, was not dropped`
    case 'only dropped':
      return `${file} is not here`
    default:
      return assertNever(how)
  }
}

/** Why a drop is in conflict: a sentence without its full stop. */
export function conflictText(conflict: { readonly with: string; readonly why: string }): string {
  return `${conflict.with} is here already, and ${conflict.why}`
}

/** What a person may do about a drop in conflict. */
export function conflictHint(drop: string): string {
  const take = (...words: string[]) => shownCommand(['labmake', 'inbox', 'take', drop, ...words])
  return `To put it in the place of the other, which is then kept in .labmake/attic/: ${take('--replace')}. To keep both: ${take('--as', 'OTHER_NAME')}.`
}

export interface RejectedText {
  readonly drop: string
  /** ISO 8601. */
  readonly at: string
  readonly why: string
  readonly hint: string
}

/** What is written beside a drop that was not taken. */
export function rejectedText({ drop, at, why, hint }: RejectedText): string {
  return `${drop} was not taken (${at}).

Why: ${why}.

What to do: ${hint}

Nothing was deleted or changed: what was dropped lies beside this file. Once all is well, drop it again, or take it up from
here: ${shownCommand(['labmake', 'inbox', 'take', drop])}
`
}

/** How long a drop has been still by now: `stillMs` is as of when it was told. */
export function stillForMs(
  { stillMs, sinceMs }: DropState & { readonly kind: 'settling' | 'stalled' },
  nowMs: number,
): number {
  return sinceMs === undefined ? stillMs : Math.max(stillMs, nowMs - sinceMs)
}

/** Where a drop stands, and why: a sentence without its full stop. `nowMs` lets what was told earlier go on. */
export function dropStateText(state: DropState, nowMs: number): string {
  switch (state.kind) {
    case 'arriving':
      return state.why
    case 'settling': {
      const stillMs = stillForMs(state, nowMs)
      if (stillMs >= state.quietMs) return 'whole: about to be taken'
      return `still for ${formatSeconds(stillMs / 1000)} of ${formatSeconds(state.quietMs / 1000)}`
    }
    case 'stalled':
    case 'refused':
      return state.why
    case 'conflict':
      return conflictText(state)
    case 'taking':
      return 'it is being compared or moved to its place'
    default:
      return assertNever(state)
  }
}
