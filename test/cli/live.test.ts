import { expect, test } from 'vitest'
import { liveReporter } from '../../src/cli/live.ts'
import { emptyBoard } from '../../src/core/board.ts'
import type { EngineEvent } from '../../src/model/event.ts'

/** What a terminal is given of these events. */
function shown(...events: readonly EngineEvent[]): string {
  const written: string[] = []
  const stream = { columns: 80, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream
  const style = { color: false, unicode: true }
  const reporter = liveReporter({ root: '/nowhere', style, stream, verbose: false, others: () => 0 })
  const board = emptyBoard({
    pid: 1,
    user: 'ana',
    host: 'rig',
    startedMs: 0,
    version: '0',
    mode: 'build',
    root: '/nowhere',
    stopping: false,
  })
  for (const event of events) reporter.event(event, board)
  reporter.close()
  return written.join('')
}

test('trouble is told with what to do about it', () => {
  const event = { type: 'trouble', atMs: 0, message: 'the disk is full', hint: 'Free some space.' } as const
  expect(shown(event)).toContain(' ! the disk is full\n     Free some space.\n')
})

test('a drop that is whole and that a full disk keeps back is not said to arrive still', () => {
  const state = { kind: 'stalled', because: 'disk', why: 'no space left on the disk', stillMs: 30_000 } as const
  expect(shown({ type: 'drop', atMs: 0, drop: { name: 'B1', files: 1, bytes: 1, state } })).toContain(
    'inbox/B1 is whole, and could not be taken: no space left on the disk\n',
  )
})
