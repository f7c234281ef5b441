import { expect } from 'vitest'
import { workspace } from '../workspace.ts'
import { recordings } from './lab.ts'
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
