import { expect } from 'vitest'
import { formatLine } from '../../src/io/journalLines.ts'
import type { MadeRecord } from '../../src/model/record.ts'
import { workspace } from '../workspace.ts'
import { droppedRules, recordings } from './lab.ts'
import { journey, openScreen } from './screen.ts'

journey('a pool is paused, given more slots, and set back', async () => {
  await using ws = await workspace(recordings('m101', 'm102', 'm103'))
  ws.hold('denoise/m101', 'denoise/m102', 'denoise/m103')
  using screen = await openScreen(ws)
  await screen.until(/ram ■ 1\/1 \+2/)

  screen.keys('p')
  await screen.until(/╭─ pools/)
  screen.keys('j')
  await screen.until(/▌ ram .* 1\/1 +2 in line/)
  screen.keys('Space')
  const paused = await screen.until(/▌ ram .* paused by \S+/)
  expect(paused).toMatch(/ram ■ paused 1\/1 \+2/)
  expect(paused).toMatch(/Paused ram/)
  ws.release('denoise/m101')
  await screen.until(/m101 +✓ \d+s +✓ \d+s/)
  expect(ws.newRuns()).toEqual(['denoise/m101', 'phy/m101'])

  screen.keys('+')
  await screen.until(/▌ ram .* 0\/2 .*the rules say 1/)
  screen.keys('Space')
  await screen.until(/▌ ram .* 2\/2 +the rules say 1/)
  await ws.untilStarted('denoise/m102', 'denoise/m103')
  screen.keys('0')
  // What runs goes on, though it is more than there are slots now.
  await screen.until(/▌ ram .* 2\/1/)
  screen.keys('Escape')
  await screen.untilGone('╭─ pools')
  ws.release('denoise/m102', 'denoise/m103')
  await screen.until(/^ ✓ 6 done/m)
})

/** A run of last year that needed more than its rule asks for. */
const greedy: MadeRecord = {
  type: 'made',
  at: '2025-08-10T12:00:00Z',
  job: 'denoise/m007',
  target: 'data/kwd/m007.kwd',
  attempt: 1,
  seconds: 60,
  sourceBytes: 1,
  sources: {},
  uses: {},
  targets: {},
  recipe: '',
  params: {},
  log: '',
  use: { peakBytes: 14e9 },
}

journey('a pool of memory says how much is free, is made larger, and says what past runs needed', async () => {
  const rules = droppedRules.replace('ram: 1,', 'ram: 20GB,').replace('pool: ram', 'pool: { ram: 12GB }')
  const files = { ...recordings('m101', 'm102', 'm103'), 'rules/ephys.yaml': rules }
  await using ws = await workspace({ ...files, '.labmake/journal.jsonl': formatLine(greedy) })
  ws.hold('denoise/m101', 'denoise/m102', 'denoise/m103')
  using screen = await openScreen(ws)
  await screen.until(/ram [■□]+ 12 of 20 GB \+2/)
  await screen.until(/waits for 12 GB of ram: 8 of 20 GB are free, next in line/)

  screen.keys('p')
  await screen.until(/╭─ pools/)
  screen.keys('j')
  await screen.until(/\+ − 2 GB/)
  screen.keys('+', '+')
  await screen.until(/▌ ram .* 24 of 24 GB .*the rules say 20 GB/)
  await ws.untilStarted('denoise/m101', 'denoise/m102')
  ws.release('denoise/m101', 'denoise/m102', 'denoise/m103')
  await screen.until(/^ ✓ 6 done/m)
  screen.keys('Escape', 'p')
  await screen.until(/denoise asks for 12 GB of ram, but has peaked at 14 GB in \d runs?\. As many as/)
})
