// The board of an engine, followed as its clients do.
import { setTimeout as wait } from 'node:timers/promises'
import { loadSources, version } from './standing.mjs'

const patienceMs = 120_000

/**
 * `until(isSo)` resolves with the time, ms since the epoch by the engine's clock, of the event after which `isSo(state)` was true,
 * where `state(id)` is that of a job; rejects if that does not come. `close()` when nothing more is asked.
 */
export async function followBoard(root) {
  const { connectEngine, nextBoard } = await loadSources()
  const client = await connectEngine(root, { version, user: 'bench' })
  const leave = new AbortController()
  let board
  let atMs = 0
  let gone
  let heard = () => {}
  client.follow(
    {
      onSnapshot(snapshot) {
        board = snapshot
        atMs = Date.now()
        heard()
      },
      onEvents(events) {
        for (const event of events) {
          board = nextBoard(board, event)
          atMs = event.atMs
        }
        heard()
      },
      onGone(why) {
        gone = new Error(why)
        heard()
      },
    },
    leave.signal,
  )
  const state = (id) => board.jobs.get(id)?.status.state
  async function until(isSo) {
    const late = new AbortController()
    const giveUp = wait(patienceMs, undefined, { signal: late.signal }).then(
      () => true,
      () => false,
    )
    try {
      for (;;) {
        if (gone !== undefined) throw gone
        if (board !== undefined && isSo(state)) return atMs
        const next = new Promise((resolve) => {
          heard = () => resolve(false)
        })
        if (await Promise.race([next, giveUp]))
          throw new Error(`what was waited for did not come in ${patienceMs / 1000} s`)
      }
    } finally {
      late.abort()
    }
  }
  return { until, close: () => leave.abort() }
}
