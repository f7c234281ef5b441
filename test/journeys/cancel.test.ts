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
