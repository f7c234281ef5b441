import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { leavingLines } from '../../src/ui/leaving.ts'
import { board, job, labBoard, last, nowMs, statuses, viewOf } from './boards.ts'

const plain = { style: { color: false, unicode: true } }
const lines = (shown: Parameters<typeof viewOf>[0], more = {}, columns = 120) =>
  leavingLines(viewOf(shown, { ...plain, ...more }), columns).map((line) => line.replace(/\x1b\[\d+m/g, ''))

test('says how many jobs go on, under which engine, the counts, and how to come back', () => {
  const shown = lines(board([job('denoise', 'B1', statuses.running), job('denoise', 'B2', statuses.queued)]))
  expect(shown).toEqual([
    'labmake  1 job goes on; the engine looks after the inbox (process 41233 on rig).',
    '  ► 1 running  ○ 1 queued',
    '  labmake watch comes back   labmake status lists   labmake engine stop ends it',
  ])
})

test('names up to ten failures, the newest first, and counts the others', () => {
  const failed = Array.from({ length: 13 }, (_, i) =>
    job('phy', `B${i}`, { ...statuses.failed, last: last({ endedMs: nowMs - i, seconds: 60 }) }),
  )
  const shown = lines(board(failed))
  expect(shown.filter((line) => line.includes('killed by'))).toHaveLength(10)
  expect(shown[2]).toBe('  ✗ phy/B0  killed by SIGKILL after 1m00 (out of memory?)')
  expect(shown).toContain('  and 3 failures more: labmake status')
})

test('every line is cut to the width', () => {
  for (const columns of [20, 44, 80]) {
    for (const line of lines(labBoard(60), {}, columns)) expect(stringWidth(line)).toBeLessThanOrEqual(columns)
  }
})

test('a build ends by itself', () => {
  const shown = board([])
  expect(lines({ ...shown, engine: { ...shown.engine, mode: 'build' } })[0]).toContain('ends by itself')
})

test('an engine that does not answer is not said to look after anything', () => {
  const gone = { link: { state: 'gone', sinceMs: nowMs, why: undefined } }
  expect(lines(board([job('denoise', 'B1', statuses.running)]), gone)[0]).toBe(
    'labmake  1 job goes on, as far as is known: the engine does not answer (process 41233 on rig).',
  )
})

test('without any engine there was nothing to see', () => {
  expect(lines(undefined)).toEqual(['labmake  No engine answered.'])
})
