import { stillForMs } from '../core/dropText.ts'
import { plural, sizeText } from '../core/sizes.ts'
import type { Drop } from '../model/board.ts'
import { assertNever } from '../model/errors.ts'
import { elapsed, moment } from './times.ts'

/** Where a drop stands and what comes next, in one sentence without its full stop. */
export function dropText({ state }: Drop, nowMs: number): string {
  const seconds = (ms: number) => elapsed(ms / 1000)
  switch (state.kind) {
    case 'arriving':
      return `${state.why}; it is taken once it is whole`
    case 'settling': {
      const stillMs = stillForMs(state, nowMs)
      if (stillMs >= state.quietMs) return `still for ${seconds(state.quietMs)}: it is about to be taken`
      return `still for ${seconds(stillMs)} of ${seconds(state.quietMs)}, then it is taken`
    }
    case 'stalled':
      if (state.because === 'disk') return `it is whole, but ${state.why}`
      return `nothing came for ${seconds(stillForMs(state, nowMs))}: ${state.why}`
    case 'taking':
      return 'it is being checked and put in its place'
    case 'refused':
      return state.why
    case 'conflict':
      return `${state.with} is here already, and ${state.why}`
    default:
      return assertNever(state)
  }
}

/** What a person may do about a drop; undefined where labmake goes on by itself. */
export function dropHint({ name, state }: Drop): string | undefined {
  switch (state.kind) {
    case 'arriving':
      return undefined
    case 'settling':
      return 't takes it at once.'
    case 'stalled':
      if (state.because === 'disk') return 'Nothing is lost: it is tried again every minute, and t tries it now.'
      return 'Copy the rest, or press t to take what is there.'
    case 'taking':
      return undefined
    case 'refused':
      return `${state.hint ?? 'Put it right and drop it again.'} It lies in inbox/rejected/${name}.`
    case 'conflict':
      return 't decides: in place of the other, or under another name. Nothing is overwritten until then.'
    default:
      return assertNever(state)
  }
}

/** With a capital and a full stop; a path or a name at its beginning stays as it is. */
export function sentence(text: string): string {
  const isWord = /^[a-z]+[ ,:;]/.test(text)
  return `${isWord ? text[0]!.toUpperCase() + text.slice(1) : text}.`
}

/** All that is known of a drop, for its own page. */
export function dropLines(drop: Drop, nowMs: number): string[] {
  const { state } = drop
  const hint = dropHint(drop)
  const since =
    state.kind === 'refused' || state.kind === 'conflict'
      ? [`${state.kind === 'refused' ? 'Refused' : 'Found'} ${moment(state.atMs, nowMs)}.`]
      : state.kind === 'arriving'
        ? [`It began to arrive ${moment(state.sinceMs, nowMs)}.`]
        : []
  return [
    `${plural(drop.files, 'file')}, ${sizeText(drop.bytes)}. ${since.join('')}`.trim(),
    '',
    sentence(dropText(drop, nowMs)),
    ...(hint === undefined ? [] : ['', hint]),
  ]
}
