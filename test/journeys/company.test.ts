import { expect } from 'vitest'
import { workspace } from '../workspace.ts'
import { recordings } from './lab.ts'
import { journey, openScreen } from './screen.ts'

journey('two watchers see the same, each what the other does, and a third reads it as lines', async () => {
  await using ws = await workspace(recordings('m101', 'm102'))
  ws.hold('denoise/m101')
  using ana = await openScreen(ws)
  await ana.until(/m102 +○ queued/)
  using ben = await openScreen(ws, { columns: 80, rows: 24 })
  await ben.until(/m101 +► \d+s/)
  await ben.until(/m102 +○ queued/)
  using lines = await openScreen(ws, { columns: 160, command: 'labmake watch --plain | cat' })
  await lines.until(/ alive +running=1 queued=1 waiting=2 /)

  ana.keys('G', 'h')
  await ana.until(/m102 +‖ held +‖ held/)
  await ben.until(/m102 +‖ held +‖ held/)
  await lines.until(/^\d{4}-\d\d-\d\dT\S+ asked +by=\S+ +Held 2 jobs/m)
  ws.release('denoise/m101')
  await lines.until(/done +m101 +phy/)
  await ana.until(/m101 +✓ \d+s +✓ \d+s/)
  await ben.until(/m101 +✓ \d+s +✓ \d+s/)
  ben.keys('g')
  await ben.until(/^▌ {2}m102/m)
  ben.keys('h')
  await ana.until(/^ ✓ 4 done/m)
  await lines.until(/done +m102 +phy/)

  lines.keys('C-c')
  await lines.untilShell()
  expect(ws.newRuns()).toEqual(['denoise/m101', 'phy/m101', 'denoise/m102', 'phy/m102'])
})

journey('who watches while an engine begins or ends waits for it', async () => {
  await using ws = await workspace(recordings('m101'))
  ws.hold('denoise/m101')
  const command = 'labmake watch --plain > first & labmake watch --plain > second & sleep 60'
  using two = await openScreen(ws, { command })
  await ws.until('both have joined', () => ['first', 'second'].every((name) => ws.exists(name) && ws.read(name) !== ''))
  two.keys('C-c')
  await two.untilShell()
  two.run('clear; labmake engine stop; labmake watch --plain')
  await two.until(/The engine ends\..* alive +running=1 /s)
})
