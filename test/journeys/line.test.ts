import { expect } from 'vitest'
import { workspace } from '../workspace.ts'
import { recordings } from './lab.ts'
import { journey, openScreen } from './screen.ts'

journey('who looks says what is first, and takes it back', async () => {
  await using ws = await workspace(recordings('m101', 'm102', 'm103', 'm104'))
  ws.hold('denoise/m101')
  using screen = await openScreen(ws)
  await screen.until(/m104 +○ queued .*3rd in line/)
  screen.keys('G')
  await screen.until(/^▌ {2}m104/m)
  screen.keys('+')
  await screen.until(/↑ m104 +○ queued .*next in line/)
  screen.keys('u')
  await screen.until(/ {2}m104 +○ queued .*3rd in line/)
  screen.keys('+')
  await screen.until(/↑ m104/)
  screen.keys('j')
  await screen.until(/^▌ {2}m102/m)
  screen.keys('-')
  await screen.until(/↓ m102 .*3rd in line/)
  ws.release('denoise/m101')
  await screen.until(/^ ✓ 8 done/m)
  expect(ws.newRuns().filter((run) => run.startsWith('denoise'))).toEqual([
    'denoise/m101',
    'denoise/m104',
    'denoise/m103',
    'denoise/m102',
  ])
})

journey('batches that were marked are held together, and released together', async () => {
  await using ws = await workspace(recordings('m101', 'm102', 'm103'))
  ws.hold('denoise/m101')
  using screen = await openScreen(ws)
  await screen.until(/m103 +○ queued/)
  screen.keys('g', 'j', 'Space', 'Space')
  await screen.until('2 marked:')
  screen.keys('h')
  await screen.until(/Held 4 jobs: not started until released\. +u undo/)
  const held = await screen.until(/• m102 +‖ held +‖ held +held by \S+ for/)
  expect(held).toMatch(/• m103 +‖ held +‖ held/)
  expect(held).toMatch(/^ ► 1 running +‖ 4 held +┄ 1 waiting$/m)
  ws.release('denoise/m101')
  await screen.until(/m101 +✓ \d+s +✓ \d+s/)
  await screen.until('idle')
  screen.keys('h')
  await screen.until(/^ ✓ 6 done/m)
  expect(ws.newRuns()).toHaveLength(6)
})

journey('esc leaves the zoom, the marks and the filter one after the other', async () => {
  await using ws = await workspace({ ...recordings('m101_g0', 'm102_g0', 'm103_g1'), 'fail/denoise/m103_g1': '' })
  using screen = await openScreen(ws)
  await screen.until(/✗ 1 failed .*✓ 4 done/)

  screen.keys('/')
  screen.type('is:fail')
  const failed = await screen.until('/is:fail')
  await screen.until('batch 1/1')
  expect(failed).toMatch(/m103_g1/)
  screen.keys('Escape')
  await screen.until('batch 1/3')

  screen.keys('/')
  screen.type('*_g0 !m102*')
  await screen.until(/1 fits?/)
  screen.keys('Enter')
  const fits = await screen.untilGone('enter keeps')
  expect(fits).toMatch(/m101_g0/)
  expect(fits).not.toMatch(/m102_g0|m103_g1/)
  screen.keys('Space', 'z')
  await screen.untilGone('log phy')
  screen.keys('Escape')
  await screen.until('log phy')
  await screen.until('• m101_g0')
  screen.keys('Escape')
  await screen.untilGone('• m101_g0')
  expect(screen.text()).not.toMatch(/m103_g1/)
  screen.keys('Escape')
  await screen.until(/m103_g1 +✗ failed/)

  screen.keys('/')
  screen.type('is:bogus')
  const problem = await screen.until('"bogus" is no state')
  expect(problem).toMatch(/m103_g1/)
})
