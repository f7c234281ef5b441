import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { realRecordings } from '../heavy/labmakeEphys.ts'
import { type Workspace, workspace } from '../workspace.ts'
import { journey, openScreen } from './screen.ts'

const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The rules that come with labmake, and an inbox that does not let one wait. */
const shipped = {
  'rules/ephys.yaml': readFileSync(repository('rules/ephys.yaml'), 'utf8'),
  'rules/q.yaml': 'quiet: 2s',
}

function drop(ws: Workspace, ...paths: string[]): void {
  execFileSync('cp', ['-r', ...paths, 'inbox/'], { cwd: ws.root })
}

journey('from an empty workspace to spikes, by a recording and a manifest that are dropped', async () => {
  await using ws = await workspace(shipped)
  const simulate = ['simulate', ws.path('rig/m108_2026-05-07'), '--seconds', '10']
  execFileSync(repository('dist/bin/labmake-ephys'), simulate, { stdio: 'ignore' })
  ws.write('rig/ana.tsv', 'm108_2026-05-07\tPort_12\n')
  using screen = await openScreen(ws, { command: 'clear; stty -a > before' })
  await screen.untilShell()
  screen.run('labmake watch')

  const empty = await screen.until('Nothing here yet.')
  expect(empty).toMatch(/Drop a recording folder into {2}inbox\//)
  expect(empty).toMatch(/still for 2s, then denoise and phy run\./)
  expect(screen.modes()).toEqual({ alternateScreen: true, cursor: false, lineWrap: false })

  screen.keys('3')
  await screen.until('Nothing lies in the inbox.')
  drop(ws, 'rig/ana.tsv', 'rig/m108_2026-05-07')
  await screen.until(/m108_2026-05-07 .*○ settling .* of 2s/)
  screen.keys('1')
  await screen.until(/m108_2026-05-07 .*► \d+s/)
  await screen.until(/m108_2026-05-07 +✓ \d+s +✓ \d+s/)
  expect(await screen.until('idle')).toMatch(/^ ✓ 2 done$/m)
  screen.keys('Enter')
  await screen.until('params omit=Port_12')
  expect(ws.list('data/phy/m108_2026-05-07')).toContain('params.py')
  expect(ws.list('inbox')).toEqual([])

  screen.keys('q')
  const left = await screen.untilShell()
  expect(left).toMatch(/^labmake {2}Nothing runs; the engine looks after the inbox \(process \d+ on \S+\)\.$/m)
  expect(left).toMatch(/^ {2}✓ 2 done$/m)
  expect(screen.modes()).toEqual({ alternateScreen: false, cursor: true, lineWrap: true })
  screen.run('stty -a > after; echo ended')
  await screen.until(/^ended$/m)
  expect(ws.read('after')).toBe(ws.read('before'))
})

journey('a recording from the rig is taken, de-noised and sorted', async ({ skip }) => {
  const recording = join(realRecordings, 'locust_5s_v5')
  if (!existsSync(recording)) return skip(`no ${recording}`)
  await using ws = await workspace(shipped)
  using screen = await openScreen(ws)
  await screen.until('Nothing here yet.')
  drop(ws, recording)
  await screen.until(/locust_5s_v5 +✓ \d+s +✓ \d+s/)
  expect(ws.list('data/phy/locust_5s_v5')).toContain('spike_times.npy')
})
