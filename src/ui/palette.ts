import { type Command, commandsAt } from './commands.ts'
import { edited } from './field.ts'
import { keyName } from './keyName.ts'
import type { Key } from './keys.ts'
import { clamp } from './list.ts'
import type { Overlay, UiState, Update } from './state.ts'
import { close, only, replaceTop } from './step.ts'
import type { View } from './view.ts'

type Palette = Overlay & { readonly kind: 'palette' }

/** The commands that work beneath the palette and hold every word that was typed. */
export function paletteCommands(state: UiState, { text }: Palette): readonly Command[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return commandsAt(state).filter(({ title, short, keys }) => {
    if (keys.includes(':')) return false
    const said = `${short} ${title}`.toLowerCase()
    return words.every((word) => said.includes(word))
  })
}

/** Keys of the palette: letters are typed, so that only arrows move. */
export function paletteKey(state: UiState, view: View, palette: Palette, key: Key): Update {
  const found = paletteCommands(state, palette)
  switch (keyName(key)) {
    case 'escape':
      return only(close(state))
    case 'up':
      return only(replaceTop(state, { ...palette, index: clamp(palette.index - 1, 0, found.length - 1) }))
    case 'down':
    case 'tab':
      return only(replaceTop(state, { ...palette, index: clamp(palette.index + 1, 0, found.length - 1) }))
    case 'enter':
      return found[palette.index]?.run(close(state), view) ?? only(state)
    default: {
      const text = edited(palette.text, key)
      return only(text === undefined ? state : replaceTop(state, { ...palette, text, index: 0 }))
    }
  }
}
