import { frame } from '../../src/ui/frame.ts'
import type { Key, KeyName } from '../../src/ui/keys.ts'
import { type Effect, type Input, initialState, type UiState } from '../../src/ui/state.ts'
import { update } from '../../src/ui/update.ts'
import type { View } from '../../src/ui/view.ts'

/** Somebody at a terminal: presses keys, sees the picture, and has what the shell was asked to do. */
export interface Person {
  readonly state: UiState
  /** What may be set between keys: another board, a later time. */
  view: View
  /** `jj<enter>x`: letters, `<name>`, `<^u>`. Returns what the shell is asked for by them. */
  press(keys: string): readonly Effect[]
  tell(input: Input): readonly Effect[]
  /** The view became another one. */
  see(more: Partial<View>): readonly Effect[]
  /** The picture without its looks, without blanks at line ends. */
  lines(): readonly string[]
  picture(): string
  /** With looks. */
  painted(): string
}

export function person(view: View, { columns = 80, rows = 24 } = {}): Person {
  let state = initialState(columns, rows)
  const tell = (input: Input) => {
    const next = update(state, input, it.view)
    state = next.state
    return next.effects
  }
  const painted = () => frame(state, it.view).join('\n')
  const picture = () =>
    painted()
      .replace(/\x1b\[\d+m/g, '')
      .replace(/ +$/gm, '')
  const it: Person = {
    get state() {
      return state
    },
    view,
    tell,
    press: (keys) => keysOf(keys).flatMap((key) => tell({ type: 'key', key })),
    see(more) {
      it.view = { ...it.view, version: it.view.version + 1, jobsVersion: it.view.jobsVersion + 1, ...more }
      return tell({ type: 'changed' })
    },
    lines: () => picture().split('\n'),
    picture,
    painted,
  }
  tell({ type: 'changed' })
  return it
}

function keysOf(text: string): Key[] {
  return [...text.matchAll(/<(\^?)(\w+)>|(.)/gs)].map(([, ctrl, word, letter]): Key => {
    if (letter !== undefined) return { kind: 'char', text: letter }
    return ctrl === '^' ? { kind: 'ctrl', letter: word! } : { kind: 'named', name: word as KeyName }
  })
}

/** The actions among what the shell is asked for. */
export const actionsOf = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'act' ? [effect.action] : []))
