import type { Action } from '../model/action.ts'
import type { Drop } from '../model/board.ts'
import { dropLines } from './dropWords.ts'
import { dropsOf } from './facts.ts'
import { edited } from './field.ts'
import { keyName } from './keyName.ts'
import type { Key } from './keys.ts'
import { layoutOf } from './layout.ts'
import { movement, selectAt } from './list.ts'
import type { Choice, Confirm, Prompt, UiState, Update } from './state.ts'
import { ask, close, only, open, replaceTop, say } from './step.ts'
import type { View } from './view.ts'

export function moveInbox(state: UiState, view: View, name: string): Update | undefined {
  const layout = layoutOf(state, view)
  const by = movement(name, layout.kind === 'tiny' ? 1 : layout.body.rows)
  if (by === undefined) return undefined
  const names = dropsOf(view).map((drop) => drop.name)
  return only({ ...state, inbox: selectAt(state.inbox, state.inbox.index + by, names) })
}

export function chosenDrop(state: UiState, view: View): Drop | undefined {
  return dropsOf(view).find((drop) => drop.name === state.inbox.selected)
}

export function openDrop(state: UiState, view: View): Update {
  const drop = chosenDrop(state, view)
  if (drop === undefined) return only(state)
  return only(open(state, { kind: 'message', title: drop.name, lines: dropLines(drop, view.nowMs), top: 0 }))
}

/** Takes the selected drop, or asks how. */
export function take(state: UiState, view: View): Update {
  const drop = chosenDrop(state, view)
  if (drop === undefined) return only(say(state, view, 'There is nothing in the inbox to take.'))
  const asItIs: Action = { type: 'take', drop: drop.name, how: 'as-it-is' }
  switch (drop.state.kind) {
    case 'settling':
      return ask(state, view, asItIs)
    case 'arriving':
    case 'stalled':
      if (drop.state.kind === 'stalled' && drop.state.because === 'disk') return ask(state, view, asItIs)
      return only(open(state, unfinishedQuestion(drop, asItIs)))
    case 'conflict':
      return only(open(state, conflictChoice(drop, drop.state.with)))
    case 'taking':
      return only(say(state, view, 'It is being taken already.'))
    case 'refused':
      return only(say(state, view, 'It was refused. enter says why; put it right and drop it again.'))
  }
}

function unfinishedQuestion(drop: Drop, action: Action): Confirm {
  return {
    kind: 'confirm',
    title: `Take ${drop.name} as it is?`,
    lines: ['It has not arrived as a whole yet, as far as labmake can tell.'],
    loss: 'What still comes is not part of it.',
    rest: 'It would be dropped again under the same name, and compared.',
    yes: 'take it',
    action,
  }
}

function conflictChoice(drop: Drop, other: string): Choice {
  const replace: Confirm = {
    kind: 'confirm',
    title: `Put ${drop.name} in place of ${other}?`,
    lines: ['What was made from the other one becomes stale, and is made again.'],
    loss: `${other} is replaced.`,
    rest: 'The old one goes to .labmake/attic/.',
    yes: 'replace',
    action: { type: 'take', drop: drop.name, how: 'replace' },
  }
  const rename: Prompt = {
    kind: 'prompt',
    title: `Take ${drop.name} as`,
    text: drop.name,
    drop: drop.name,
    problem: undefined,
  }
  return {
    kind: 'choice',
    title: `${drop.name} is here already, with other content`,
    lines: [`The one that is here is ${other}`],
    options: [
      { key: 'a', title: 'take it under another name', does: { open: rename } },
      { key: 'r', title: 'take it in place of the other (asks)', does: { open: replace } },
    ],
    index: 0,
  }
}

/** Keys while a name is typed. */
export function promptKey(state: UiState, view: View, prompt: Prompt, key: Key): Update {
  const name = keyName(key)
  if (name === 'escape') return only(close(state))
  if (name === 'enter') {
    const as = prompt.text.trim()
    if (as === '' || as === prompt.drop)
      return only(replaceTop(state, { ...prompt, problem: 'Write a name that is not taken yet.' }))
    return ask(close(state), view, { type: 'take', drop: prompt.drop, how: { as } })
  }
  const text = edited(prompt.text, key)
  return only(text === undefined ? state : replaceTop(state, { ...prompt, text, problem: undefined }))
}
