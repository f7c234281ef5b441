/** Control characters but the tab, line ends, and what turns the direction of text around. */
const obeyed = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/**
 * One line of text as a terminal may have it: what it would obey is written out. A line end too, or a name with one in it
 * could say in a line of its own that all is well.
 */
export function printable(text: string): string {
  return text.replace(obeyed, (c) => {
    if (c === '\n') return '\\n'
    const code = c.charCodeAt(0).toString(16)
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`
  })
}

/** Text of several lines, each but the first set in by four, so that none of them looks like one of ours. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n    ')
}
