import { expect } from 'vitest'
import { workspace } from '../workspace.ts'
import { recordings } from './lab.ts'
import { journey, openScreen } from './screen.ts'

journey('stopping asks, and says what is lost; no keeps it, yes ends it, and it can be tried again', async () => {
  await using ws = await workspace(recordings('m101'))
  ws.hold('denoise/m101')
  using screen = await openScreen(ws)
  await screen.until(/m101 +► \d+s/)
  await ws.untilStarted('denoise/m101')

  screen.keys('x')
  const asks = await screen.until('Stop 1 running job?')
  expect(asks).toMatch(/denoise\/m101 +\d+s/)
  expect(asks).toMatch(/\d+s of work is lost\./)
  expect(asks).toMatch(/The log is kept, and the target stays as it was\./)
  expect(asks).not.toMatch(/q leave/)
  screen.keys('n')
  await screen.untilGone('Stop 1 running job?')
  screen.keys('x', 'Enter')
  await screen.untilGone('Stop 1 running job?')
  expect(screen.text()).toMatch(/m101 +► \d+s/)

  screen.keys('x', 'y')
  const stopped = await screen.until(/m101 +⊖ cancelled +┄ waiting/)
  await screen.until(/why +stopped by \S+ after \d+s/)
  expect(stopped).not.toMatch(/Stop 1 running job\?/)
  expect(ws.exists('data/kwd/m101.kwd')).toBe(false)
  screen.keys('l')
  await screen.until(/log ⊖ denoise\/m101 +attempt 1/)
  await screen.until('$ denoise m101')
  screen.keys('Escape')

  ws.release('denoise/m101')
  screen.keys('r')
  await screen.until(/m101 +✓ \d+s +✓ \d+s/)
  expect(ws.newRuns()).toEqual(['denoise/m101', 'denoise/m101', 'phy/m101'])

  screen.keys('4')
  await screen.until(/⊖ denoise\/m101/)
  await screen.until(/Stopped 1 job/)
})

journey('a target that a person edited is kept, or made anew, as one says', async () => {
  await using ws = await workspace(recordings('m101'))
  using screen = await openScreen(ws)
  await screen.until(/m101 +✓ \d+s +✓ \d+s/)
  ws.write('data/phy/m101/spike_clusters.npy', 'curated')
  ws.write('data/mat/m101/b.mat', 'more')
  await screen.until(/m101 +✓ \d+s +◆ protected/)
  screen.keys('R')
  await screen.until('Which version of phy/m101 stands?')
  screen.keys('Escape')
  await screen.untilGone('Which version of phy/m101 stands?')
  expect(ws.read('data/phy/m101/spike_clusters.npy')).toBe('curated')
  screen.keys('R', 'm')
  await screen.until('Make 1 job again?')
  screen.keys('y')
  await screen.until(/m101 +✓ \d+s +✓ \d+s/)
  expect(ws.read('data/phy/m101/spike_clusters.npy')).toBe('0\n')
  expect(ws.list('.labmake/attic')).toHaveLength(1)
})
