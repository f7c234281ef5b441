/** Tabs stop here, as in every terminal. */
const tabColumns = 8
/** More of one line is not shown: it is no text, and it would be held in full. Characters. */
const longestLine = 16_384

// Escapes with their parameters: CSI; OSC, DCS, PM and APC up to their end; character sets; single ones.
const escapes = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]+[0-~]|\x1b[0-~]?/g

/**
 * A line of a log as it is shown. Of a progress bar, drawn over and over behind carriage returns, the last state; escapes
 * are gone, tabs are blanks, and other control characters are seen as `^G`.
 */
export function shownLine(raw: string): string {
  if (/^[ -~]*$/.test(raw)) return clipped(raw)
  const bare = withoutEscapes(raw)
  const last = bare.includes('\r') ? lastState(bare) : bare
  return clipped(visible(withoutTabs(erased(last))))
}

export function withoutEscapes(text: string): string {
  return text.includes('\x1b') ? text.replace(escapes, '') : text
}

/** What stands in the line after all carriage returns: what was drawn last, if that was not blank. */
function lastState(text: string): string {
  const states = text.split('\r')
  return states.findLast((state) => state.trim() !== '') ?? ''
}

/** A backspace takes back what was drawn before it: spinners are made of these. */
function erased(text: string): string {
  if (!text.includes('\b')) return text
  const kept: string[] = []
  for (const character of text) {
    if (character === '\b') kept.pop()
    else kept.push(character)
  }
  return kept.join('')
}

function withoutTabs(text: string): string {
  if (!text.includes('\t')) return text
  let line = ''
  for (const part of text.split(/(\t)/))
    line += part === '\t' ? ' '.repeat(tabColumns - (line.length % tabColumns)) : part
  return line
}

function visible(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (control) => {
    const code = control.charCodeAt(0)
    if (code < 0x20) return `^${String.fromCharCode(code + 64)}`
    return code === 0x7f ? '^?' : `\\x${code.toString(16)}`
  })
}

function clipped(text: string): string {
  return text.length <= longestLine ? text : `${text.slice(0, longestLine)}…`
}
