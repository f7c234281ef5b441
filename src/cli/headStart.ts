import type { EngineHearer, EngineLink } from '../ui/store.ts'

/**
 * A link that joins its engine at once, and keeps what it hears until somebody follows: an engine of 10,000 jobs takes as long
 * to tell of them as the screen takes to load. `end` aborts when nobody will follow any more.
 */
export function headStart(link: EngineLink, end: AbortSignal): EngineLink {
  const leave = new AbortController()
  end.addEventListener('abort', () => leave.abort())
  /** Of the fraction of a second in which the screen loads. */
  const kept: ((hearer: EngineHearer) => void)[] = []
  let hearer: EngineHearer | undefined
  const tell = (what: (hearer: EngineHearer) => void) => {
    if (hearer === undefined) kept.push(what)
    else what(hearer)
  }
  let begun: Promise<string | undefined> | undefined = link.follow(
    {
      reading: (reading) => tell((who) => who.reading(reading)),
      board: (board) => tell((who) => who.board(board)),
      events: (events) => tell((who) => who.events(events)),
    },
    leave.signal,
  )
  // Whoever follows is told of it, and until then there is nobody to tell.
  begun.catch(() => {})
  return {
    ...link,
    follow(who, signal) {
      if (begun === undefined) return link.follow(who, signal)
      const first = begun
      begun = undefined
      signal.addEventListener('abort', () => leave.abort())
      hearer = who
      for (const what of kept.splice(0)) what(who)
      return first
    },
  }
}
