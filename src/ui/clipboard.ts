/** More base64 than this is cut off by some terminals, and then nothing is copied. Bytes of text. */
const mostBytes = 48 * 1024

/**
 * The sequence that puts a text on the clipboard of the machine where the person sits, over ssh too (OSC 52); undefined
 * if it is too long. Within tmux it is sent twice: to tmux, and through it to the terminal, since either may refuse it.
 */
export function copySequence(text: string, isTmux: boolean): string | undefined {
  const bytes = Buffer.from(text)
  if (bytes.length > mostBytes) return undefined
  const sequence = `\x1b]52;c;${bytes.toString('base64')}\x07`
  return isTmux ? `${sequence}\x1bPtmux;${sequence.replaceAll('\x1b', '\x1b\x1b')}\x1b\\` : sequence
}
