import { expect } from 'vitest'
import { enginePid, workspace } from '../workspace.ts'
import { recordings } from './lab.ts'
import { journey, openScreen } from './screen.ts'

journey('who leaves, or loses the terminal, finds the jobs going on', async () => {
  await using ws = await workspace(recordings('m101', 'm102'))
  ws.hold('denoise/m101')
  using screen = await openScreen(ws)
  await screen.until(/m101 +► \d+s/)
  screen.keys('q')
  const page = await screen.untilShell()
  expect(page).toMatch(/^labmake {2}1 job goes on; the engine looks after the inbox \(process \d+ on \S+\)\.$/m)
  expect(page).toMatch(/► 1 running {2}○ 1 queued {2}┄ 2 waiting/)

  screen.type('labmake watch')
  screen.keys('Enter')
  await screen.until(/m101 +► \d+s/)
  screen.hangUp()

  using other = await openScreen(ws)
  await other.until(/m101 +► \d+s/)
  ws.release('denoise/m101')
  await other.until(/^ ✓ 4 done/m)
  expect(ws.newRuns()).toHaveLength(4)
})

journey(
  'an engine that is killed is said, and its last picture stays; another takes over, and nothing runs twice',
  async () => {
    await using ws = await workspace(recordings('m101', 'm102'))
    ws.hold('denoise/m101')
    using screen = await openScreen(ws)
    await screen.until(/m102 +○ queued/)
    await ws.untilStarted('denoise/m101')
    process.kill(enginePid(ws.root)!, 'SIGKILL')
    const gone = await screen.until(
      /No engine runs here; jobs go on\. What is shown is \d+s old\. q, then labmake watch, starts one/,
    )
    expect(gone).toMatch(/engine gone \d+s/)
    expect(gone).toMatch(/m102 +○ queued/)
    expect(screen.painted()).toMatch(/\x1b\[90m.*m102/)
    screen.keys('?')
    await screen.until('╭─ help')
    screen.keys('Escape', 'h')
    await screen.until('nothing can be asked of it now')

    using other = await openScreen(ws)
    await other.until(/m101 +► \d+s/)
    // Who watched on is told of the new engine.
    await screen.untilGone('engine gone')
    ws.release('denoise/m101')
    await screen.until(/^ ✓ 4 done/m)
    await other.until(/^ ✓ 4 done/m)
    expect(ws.newRuns()).toHaveLength(4)
  },
)

journey('an engine that was stopped stays so, until somebody watches anew', async () => {
  await using ws = await workspace(recordings('m101'))
  ws.hold('denoise/m101')
  using screen = await openScreen(ws)
  await screen.until(/m101 +► \d+s/)
  expect((await ws.labmake('engine', 'stop')).code).toBe(0)
  await screen.until('No engine runs here; jobs go on.')
  await screen.until('engine gone')
  expect((await ws.labmake('engine', 'status')).stdout).toMatch(/No engine runs here/)
  screen.keys('q')
  expect(await screen.untilShell()).toMatch(/1 job goes on, as far as is known: the engine does not answer/)
})

journey('a build is joined, and when it ends the watcher goes on with an engine of its own', async () => {
  await using ws = await workspace(recordings('m101', 'm102'))
  ws.hold('denoise/m101')
  using build = await openScreen(ws, { command: 'labmake m101' })
  await build.until(/► denoise\/m101/)
  await ws.until('it listens', () => ws.exists('.labmake/engine.sock'))
  using screen = await openScreen(ws)
  await screen.until(/m101 +► \d+s/)
  await screen.until(/m102 +↻ stale/)
  const builder = enginePid(ws.root)
  ws.release('denoise/m101')
  await build.until(/2 up to date/)
  await screen.until(/m102 +✓ \d+s +✓ \d+s/)
  expect(enginePid(ws.root)).not.toBe(builder)
  expect(ws.newRuns()).toHaveLength(4)
})
