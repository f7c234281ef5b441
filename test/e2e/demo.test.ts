import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { hasTmux, type Terminal, terminal } from '../tmux.ts'
import { enginePid, type Workspace, workspace } from '../workspace.ts'

const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** What the demo needs of this repository, in a folder of its own. */
async function demoWorkspace(): Promise<Workspace> {
  const ws = await workspace({ 'rules/ephys.yaml': readFileSync(repository('rules/ephys.yaml'), 'utf8') })
  mkdirSync(ws.path('src'))
  copyFileSync(repository('src/demo.mjs'), ws.path('src/demo.mjs'))
  symlinkSync(repository('dist'), ws.path('dist'))
  return ws
}

const environment = (ws: Workspace) => ({ PATH: process.env.PATH!, HOME: ws.root, LANG: 'C.UTF-8', TZ: 'UTC' })

/** The demo without a terminal. */
function startDemo(ws: Workspace) {
  const child = spawn(process.execPath, [ws.path('src/demo.mjs')], {
    env: environment(ws),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  ws.atEnd(() => child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, said }))
  })
  return { ended, interrupt: () => child.kill('SIGTERM') }
}

const batches = ['demo_01', 'demo_02', 'demo_04', 'demo_05']

test('without a terminal the demo drops recordings, has them made, and ends; again, it finds nothing to do', {
  timeout: 120_000,
}, async () => {
  await using ws = await demoWorkspace()
  const first = await startDemo(ws).ended
  expect(first).toMatchObject({ code: 0, said: expect.stringContaining('Made 8 of 8 jobs') })
  expect(first.said).toMatch(/refused inbox\/demo 03 /)
  for (const batch of batches) {
    expect(first.said).toContain(`data/kwd/${batch}.kwd   data/phy/${batch}/\n`)
    expect(ws.exists(`data/phy/${batch}/params.py`)).toBe(true)
  }
  expect(ws.list('inbox')).toEqual(['rejected'])
  const second = await startDemo(ws).ended
  expect(second).toMatchObject({ code: 0, said: expect.stringContaining('Nothing to do: 8 up to date.') })
  expect(second.said).not.toContain('Simulating')
})

test('a demo that is interrupted leaves no half recording, and goes on from there when it is run again', async () => {
  await using ws = await demoWorkspace()
  const first = startDemo(ws)
  await ws.until('the second recording arrives', () => ws.list('inbox/demo_02').length > 0)
  first.interrupt()
  expect(await first.ended).toMatchObject({ code: 130, said: expect.stringContaining('Nothing was lost') })
  expect(ws.list('inbox')).toEqual(['demo_01'])
  expect(ws.exists('inbox/demo_01/READY')).toBe(true)
  const second = startDemo(ws)
  await ws.until('the second recording arrives again', () => ws.list('inbox/demo_02').length > 0)
  second.interrupt()
  expect((await second.ended).said).not.toContain('demo_01')
})

test('what a demo that was killed has left half done in the inbox is simulated anew', async () => {
  await using ws = await demoWorkspace()
  ws.write('inbox/demo_01/demo_01.mat', 'half a recording')
  const demo = startDemo(ws)
  await ws.until('the first recording is whole', () => ws.exists('inbox/demo_01/READY'))
  demo.interrupt()
  await demo.ended
  expect(ws.list('inbox/demo_01')).toEqual(['READY', 'demo_01.mat', 'probe.json', 'truth.json'])
})

/** The demo in a terminal, once its first recording is being de-noised. */
async function demoAtWork(ws: Workspace): Promise<Terminal> {
  const screen = terminal(`${process.execPath} src/demo.mjs`, { cwd: ws.root, env: environment(ws) })
  ws.atEnd(() => screen[Symbol.dispose]())
  await screen.until('demo_01 is being de-noised', (text) => /demo_01 +► /.test(text))
  return screen
}

test.skipIf(!hasTmux)('left in the middle, the demo ends its engine and says how it goes on', async () => {
  await using ws = await demoWorkspace()
  const screen = await demoAtWork(ws)
  screen.press('q')
  await screen.until('the demo has ended', () => screen.exitCode() !== undefined)
  expect(screen.exitCode()).toBe(0)
  expect((await ws.labmake('engine', 'status')).stdout).toMatch(/^No engine runs here/)
  expect(screen.text()).toMatch(/The engine ends\..*\n(.*\n)*Not made yet: demo_01, .*npm run demo goes on from here/)
  expect(ws.list('inbox').filter((name) => !ws.exists(`inbox/${name}/READY`))).toEqual([])
})

test.skipIf(!hasTmux)('an engine that ran before the demo is left alone', async () => {
  await using ws = await demoWorkspace()
  await ws.labmake('engine', 'start')
  const pid = enginePid(ws.root)!
  const screen = await demoAtWork(ws)
  screen.press('q')
  await screen.until('the demo has ended', () => screen.exitCode() !== undefined)
  expect((await ws.labmake('engine', 'status')).stdout).toContain(`process ${pid})`)
})
