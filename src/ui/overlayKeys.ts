import { moveJob } from './batchKeys.ts'
import { commandOf } from './commands.ts'
import { promptKey } from './inboxKeys.ts'
import { keyName } from './keyName.ts'
import type { Key } from './keys.ts'
import { layoutOf } from './layout.ts'
import { clamp, movement } from './list.ts'
import { logKey } from './logKeys.ts'
import { paletteKey } from './palette.ts'
import { poolKey } from './poolKeys.ts'
import type { Choice, Confirm, Overlay, UiState, Update } from './state.ts'
import { ask, close, only, open, replaceTop } from './step.ts'
import type { View } from './view.ts'

/** What a key does while something lies over the screen. */
export function overlayKey(state: UiState, view: View, overlay: Overlay, key: Key): Update {
  const name = keyName(key)
  switch (overlay.kind) {
    case 'confirm':
      return confirmKey(state, view, overlay, name)
    case 'choice':
      return choiceKey(state, view, overlay, name)
    case 'prompt':
      return promptKey(state, view, overlay, key)
    case 'palette':
      return paletteKey(state, view, overlay, key)
    case 'pools':
      return (name === undefined ? undefined : poolKey(state, view, overlay, name)) ?? command(state, view, name)
    case 'help':
    case 'message':
      return textKey(state, view, overlay, name)
    case 'log':
      return logKey(state, view, overlay, key) ?? command(state, view, name)
    case 'batch':
      return batchKey(state, view, name)
  }
}

/** A command that works beneath, or nothing. */
function command(state: UiState, view: View, name: string | undefined): Update {
  const found = name === undefined ? undefined : commandOf(state, name)
  return found === undefined ? only(state) : found.run(state, view)
}

/** Only `y` does it: every other key means no, and does nothing else. */
function confirmKey(state: UiState, view: View, { action }: Confirm, name: string | undefined): Update {
  const closed = close(state)
  return name === 'y' ? ask(closed, view, action) : only(closed)
}

function choiceKey(state: UiState, view: View, choice: Choice, name: string | undefined): Update {
  if (name === 'escape' || name === 'q') return only(close(state))
  const chosen = name === 'enter' ? choice.options[choice.index] : choice.options.find((option) => option.key === name)
  const by = name === undefined ? undefined : movement(name, choice.options.length)
  // The key of an option goes before one that moves.
  if (chosen === undefined && by !== undefined)
    return only(replaceTop(state, { ...choice, index: clamp(choice.index + by, 0, choice.options.length - 1) }))
  if (chosen === undefined) return only(state)
  const closed = close(state)
  return 'act' in chosen.does ? ask(closed, view, chosen.does.act) : only(open(closed, chosen.does.open))
}

/** Text that is only read: it scrolls, and nearly every key closes it. */
function textKey(
  state: UiState,
  view: View,
  overlay: Overlay & { readonly kind: 'help' | 'message' },
  name: string | undefined,
): Update {
  const by = name === undefined ? undefined : movement(name, pageOf(state, view))
  // How far it goes is settled once the text is laid out.
  if (by !== undefined) return only(replaceTop(state, { ...overlay, top: overlay.top + by }))
  return only(close(state))
}

function batchKey(state: UiState, view: View, name: string | undefined): Update {
  if (name === 'escape' || name === 'enter') return only(close(state))
  const way = name === 'tab' ? 'down' : name === 'backtab' ? 'up' : name
  const moved = way === undefined ? undefined : moveJob(state, view, way)
  return moved ?? command(state, view, name)
}

function pageOf(state: UiState, view: View): number {
  const layout = layoutOf(state, view)
  return layout.kind === 'tiny' ? 1 : layout.body.rows
}
