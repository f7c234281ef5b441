import type { JobState } from '../model/board.ts'

/** What the terminal can show. */
export interface Style {
  readonly color: boolean
  readonly unicode: boolean
}

/** The user's own sixteen colours; grey is the bright black. */
export type Color = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'grey'

export interface Sign {
  readonly unicode: string
  readonly ascii: string
  /** Repeats what sign and word say already. */
  readonly color: Color | undefined
  /** Said loudly: it runs, or it failed. */
  readonly bold: boolean
}

const sign = (unicode: string, ascii: string, color?: Color, bold = false): Sign => ({ unicode, ascii, color, bold })

/**
 * The sign of each state of a job. Every state has one of its own, in ASCII too. All are one column wide, and none has an
 * emoji form, which some terminals draw over two.
 */
export const signs: Readonly<Record<JobState, Sign>> = {
  queued: sign('○', '.'),
  waiting: sign('┄', '-', 'grey'),
  running: sign('►', '>', 'cyan', true),
  done: sign('✓', '+', 'green'),
  failed: sign('✗', 'X', 'red', true),
  blocked: sign('⊘', '/', 'magenta'),
  held: sign('‖', '=', 'yellow'),
  cancelled: sign('⊖', '~', 'yellow'),
  protected: sign('◆', '#', 'yellow'),
  stale: sign('↻', '*', 'blue'),
  orphaned: sign('◇', 'o', 'yellow'),
}

export function signText(style: Style, state: JobState): string {
  return style.unicode ? signs[state].unicode : signs[state].ascii
}
