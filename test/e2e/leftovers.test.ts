import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { enginePid, type Workspace, workspace } from '../workspace.ts'
import { oneBatch } from './lab.ts'

/** Every path with its size and times: what doctor must leave as it is. A look at the clock touches the workspace's own folder. */
/** All files with their times. In the folder of an attempt that runs, its engine notes how much memory it takes. */
const picture = (ws: Workspace) =>
  execFileSync('find', ['.', '-mindepth', '1', '-printf', '%p %s %T@ %C@ %i\n'], { cwd: ws.root, encoding: 'utf8' })
    .split('\n')
    .filter((line) => !/^\.\/\.labmake\/running\/[^/ ]+(\/peak\S*)? /.test(line))

async function doctor(ws: Workspace): Promise<string> {
  const before = picture(ws)
  const { code, stdout, stderr } = await ws.labmake('doctor')
  expect([code, stderr, picture(ws)]).toEqual([0, '', before])
  return stdout
}

test('doctor finds what a killed engine left, says that its job goes on, and changes nothing', async () => {
  await using ws = await workspace(oneBatch)
  ws.hold('denoise/B1')
  await ws.labmake('engine', 'start')
  await ws.untilStarted('denoise/B1')
  expect(await doctor(ws)).toMatch(/engine run.*is at work \(process \d+ on .*, since .*\)/)
  process.kill(enginePid(ws.root)!, 'SIGKILL')
  const killed = await doctor(ws)
  expect(killed).toMatch(
    /engine\.lock was left by .*"labmake engine run.*which does not run any more\n +Nothing needs to be done/,
  )
  expect(killed).toMatch(/engine\.sock was left by an engine that does not run any more\n/)
  expect(killed).toMatch(/denoise\/B1 still runs, since 20\d\d-.*, though no labmake is at work\n +Run labmake, or/)
  const [slug] = ws.list('.labmake/running')
  ws.release('denoise/B1')
  await ws.until('the recipe ended', () => ws.exists(`.labmake/running/${slug}/exit`))
  expect(await doctor(ws)).toMatch(
    /denoise\/B1: ended while no labmake was at work\n +Run labmake: it records how they ended/,
  )
  expect((await ws.labmake()).code).toBe(0)
  expect(await doctor(ws)).toMatch(/All is well here\.\n$/)
  expect(await doctor(ws)).not.toMatch(/lock was left|still runs|ended while/)
})

test('doctor tells staging folders that nobody knows of, wherever targets lie, from those of an attempt that runs', async () => {
  await using ws = await workspace({
    'rules/r.yaml':
      'rules:\n  copy: { sources: "in/{batch}/{x}.txt", targets: "out/{batch}/{x}.txt", script: ". held; begin copy/$x; cp $1 $target; end" }\n',
    'in/B1/a.txt': 'one',
    'out/B1/.labmake-1234abcd-1-lost/a.txt': 'half-made',
    'inbox/.labmake-5678abcd-lost/B7/a.mat': 'spikes',
    '.labmake/running/never/state.json.new': '{"slug',
    '.labmake/claims/9abc-known.json': '{}',
    'inbox/.labmake-9abc-known/B8/a.mat': 'spikes',
  })
  ws.hold('copy/a')
  const said = await doctor(ws)
  expect(said).toMatch(
    /out\/B1\/\.labmake-1234abcd-1-lost\/ was left by an attempt that nothing is known of: 1 file, 9 B, since 20/,
  )
  expect(said).toMatch(
    /inbox\/\.labmake-5678abcd-lost\/ was left by the taking of a drop .*: 1 file, 6 B.*\n +Nothing needs to be done: the next labmake puts it back into inbox/,
  )
  expect(said).toMatch(/\.labmake\/running\/ holds 1 attempt that never began/)
  expect(said).toMatch(/1 drop was on the way into the workspace/)
  expect(said).not.toContain('9abc-known/')
  ws.remove('.labmake/claims')
  ws.remove('inbox')
  ws.start()
  await ws.untilStarted('copy/a')
  await ws.until('it is written down', () => ws.list('out/B1').length === 2)
  expect((await ws.labmake('doctor')).stdout.match(/was left by an attempt/g)).toHaveLength(1)
})

test('doctor says how much the attic and failed attempts hold, and since when', async () => {
  await using ws = await workspace({
    ...oneBatch,
    '.labmake/attic/2026-01-05T08-00-00Z/data/phy/B1/a.npy': 'x'.repeat(4000),
    '.labmake/attic/2026-01-06T08-00-00Z/data/phy/B1/a.npy': 'x'.repeat(1000),
    '.labmake/attempts/denoise/B1/B1.kwd': 'half',
  })
  const said = await doctor(ws)
  expect(said).toMatch(/\.labmake\/attic\/ keeps .*: 2 files, 5\.0 kB, since 20\d\d-/)
  expect(said).toMatch(/\.labmake\/attempts\/ keeps what failed attempts left.*: 1 file, 4 B, since 20\d\d-/)
})
