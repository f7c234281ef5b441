import type { Style } from '../core/signs.ts'
import type { EngineEvent } from '../model/event.ts'
import { countsOf } from './facts.ts'
import { frame } from './frame.ts'
import type { Key } from './keys.ts'
import type { LogFiles } from './logFiles.ts'
import { logView } from './logView.ts'
import { memo } from './memo.ts'
import { pace } from './pace.ts'
import type { ScreenSize } from './paint.ts'
import { type Effect, type Input, initialState } from './state.ts'
import { type EngineLink, engineStore } from './store.ts'
import type { Timers } from './timers.ts'
import { update } from './update.ts'
import type { View } from './view.ts'

/**
 * One look of one person at one engine: what happens becomes an input, `update` makes the next state of it, its effects
 * are carried out here, and `frame` draws it when the pace says so. It knows no terminal: that is `Shell`.
 */
export interface Session {
  keys(keys: readonly Key[]): void
  resize(size: ScreenSize): void
  /** As it was drawn last: for what is said on leaving. */
  view(): View
  stop(): void
}

/** What a session asks of the terminal and of the machine it runs on. */
export interface Shell {
  /** Whole frames; as long as the terminal belongs to another program they are kept from it. */
  draw(lines: readonly string[]): void
  title(text: string): void
  bell(): void
  leave(): void
  suspend(): void
  /** To the clipboard, and to a file: resolves with a sentence that says where. Rejects with a message for the person. */
  copy(text: string): Promise<string>
  /** `path` is relative to the workspace. Resolves when the pager was left; rejects as copy. */
  openPager(path: string): Promise<void>
  /** The next frame is painted whole. */
  repaint(): void
}

export interface SessionOptions {
  readonly link: EngineLink
  readonly logs: LogFiles
  readonly shell: Shell
  readonly timers: Timers
  readonly style: Style
  readonly size: ScreenSize
  /** As whom this person acts. */
  readonly user: string
}

export function watchSession({ link, logs, shell, timers, style, size, user }: SessionOptions): Session {
  let state = initialState(size.columns, size.rows)
  let isStopped = false
  /** Is there something in the view that `update` has not seen? */
  let hasNews = true
  let shownLink: View['link']['state'] = 'joining'

  const view = (): View => ({
    style,
    nowMs: timers.now(),
    user,
    ...store.known(),
    log: log.picture(),
  })
  const apply = (input: Input) => {
    if (isStopped) return
    const next = update(state, input, view())
    state = next.state
    // Each effect is carried out by the function of its type.
    for (const effect of next.effects) (carryOut[effect.type] as (effect: Effect) => void)(effect)
  }
  /** What a person asked for came: it is drawn as a key is. */
  const answer = (input: Input) => {
    apply(input)
    drawing.soon()
  }
  const settle = () => {
    if (!hasNews) return
    hasNews = false
    apply({ type: 'changed' })
  }
  const drawing = pace(() => {
    settle()
    apply({ type: 'tick' })
    const now = view()
    shell.title(titleOf(now))
    shell.draw(frame(state, now))
  }, timers)
  const changed = () => {
    hasNews = true
    drawing.changed()
  }
  /** The first board is waited for, and whether there is an engine is worth knowing at once. */
  const knows = () => {
    changed()
    const { state: linkState } = store.known().link
    if (linkState === shownLink) return
    shownLink = linkState
    drawing.soon()
  }
  const tell = (text: string, tone: 'plain' | 'bad') => answer({ type: 'told', text, tone })
  const heard = (event: EngineEvent) => {
    if (event.type === 'trouble') tell([event.message, event.hint].filter(Boolean).join('. '), 'bad')
    if (event.type === 'acted' && event.by !== user) tell(`${event.by}: ${event.text}`, 'plain')
  }
  const log = logView({
    files: logs,
    timers,
    changed,
    found: (line) => answer({ type: 'found', line }),
  })

  const carryOut: { readonly [T in Effect['type']]: (effect: Effect & { readonly type: T }) => void } = {
    act({ id, action }) {
      store.act(action).then(
        (result) => answer({ type: 'acted', id, result }),
        (error: unknown) => answer({ type: 'not-acted', id, problem: messageOf(error) }),
      )
    },
    copy({ text }) {
      shell.copy(text).then(
        (text) => tell(text, 'plain'),
        (error: unknown) => tell(messageOf(error), 'bad'),
      )
    },
    openPager({ path }) {
      shell.openPager(path).catch((error: unknown) => tell(messageOf(error), 'bad'))
    },
    leave: () => shell.leave(),
    suspend: () => shell.suspend(),
    bell: () => shell.bell(),
    openLog: ({ path }) => log.open(path),
    closeLog: () => log.close(),
    readLog: ({ line }) => log.hold(line),
    searchLog: (search) => log.search(search),
    loadDetail: ({ job }) => store.loadDetail(job),
    loadHistory: () => store.loadHistory(),
    loadAdvice: () => store.loadAdvice(),
  }

  const store = engineStore({ link, timers, changed: knows, heard, failed: (problem) => tell(problem, 'bad') })
  drawing.soon()
  store.start()
  return {
    keys(keys) {
      settle()
      for (const key of keys) {
        if (key.kind === 'ctrl' && key.letter === 'l') shell.repaint()
        else apply({ type: 'key', key })
      }
      drawing.key()
    },
    resize({ columns, rows }) {
      shell.repaint()
      answer({ type: 'resize', columns, rows })
    },
    view,
    stop() {
      isStopped = true
      drawing.stop()
      store.stop()
      log.close()
    },
  }
}

/** What the window is called: it is read in a row of tabs, so trouble comes first. */
const titleOf = memo(
  (view: View) => [countsOf(view), view.link.state],
  (view) => {
    const { failed, running } = countsOf(view)
    if (view.link.state !== 'alive') return 'labmake: no engine'
    const parts = [failed > 0 ? `${failed} failed` : '', running > 0 ? `${running} running` : '']
    const told = parts.filter((part) => part !== '').join(', ')
    return `labmake: ${told || 'nothing runs'}`
  },
)

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
