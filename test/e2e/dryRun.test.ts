import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Workspace, workspace } from '../workspace.ts'
import { batches } from './lab.ts'

/** All that could change of every file and folder: content, times, permissions, and the inode's own time. */
function wholeState(ws: Workspace): Record<string, string> {
  const paths = ['.', ...(readdirSync(ws.root, { recursive: true }) as string[]).sort()]
  return Object.fromEntries(
    paths.map((path) => {
      const stat = lstatSync(join(ws.root, path), { bigint: true })
      const content = stat.isFile() ? readFileSync(join(ws.root, path), 'hex') : ''
      return [path, `${stat.ino} ${stat.mode} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs} ${content}`]
    }),
  )
}

/** Something of everything: made, stale, edited, protected, failed, orphaned, waiting, broken. */
async function variedWorkspace(): Promise<Workspace> {
  const ws = await workspace({
    ...batches('B1', 'B2', 'B3', 'B4', 'B5'),
    'data/manifests/m.tsv': 'batch\tomit\nB1\tPort_1\nB9\tPort_9\n',
  })
  ws.write('fail/denoise/B5', '')
  await ws.labmake()
  ws.write('data/manifests/m.tsv', 'batch\tomit\nB1\tPort_2\nB9\tPort_9\nB 9\tPort_9\n')
  ws.write('data/phy/B2/spike_clusters.npy', 'curated')
  ws.write('data/mat/B2/b.mat', 'more')
  ws.write('data/phy/B3/spike_clusters.npy', 'curated')
  ws.remove('data/mat/B4')
  ws.newRuns()
  return ws
}

test('the dry run leaves the tree and the state byte for byte (case 44)', async () => {
  await using ws = await variedWorkspace()
  const before = wholeState(ws)
  const { code, stdout } = await ws.labmake('-n', '-v')
  expect([code, stdout]).toEqual([2, expect.stringContaining('jobs would run')])
  await ws.labmake('--dry-run', '--json')
  await ws.labmake('-n', 'rebuild', 'phy')
  expect(wholeState(ws)).toEqual(before)
})

test('no command that only looks changes anything', async () => {
  await using ws = await variedWorkspace()
  const before = wholeState(ws)
  const looks = ['status', 'status --json', 'why B2', 'history', 'graph', 'graph --all', 'log B5', 'completion names']
  for (const look of looks) {
    expect([look, (await ws.labmake(...look.split(' '))).code]).toEqual([look, 0])
    expect(wholeState(ws)).toEqual(before)
  }
})

test('the dry run makes no .labmake in a new workspace', async () => {
  await using ws = await workspace(batches('B1'))
  await ws.labmake('-n')
  await ws.labmake('status')
  expect(ws.exists('.labmake')).toBe(false)
})

test('the list of the dry run is what then runs, in that order (case 44)', async () => {
  await using ws = await variedWorkspace()
  ws.remove('fail')
  const { jobs, protected: kept } = (await ws.labmake('-n', '--json')).json()
  await ws.labmake('-j', '1')
  const ids: string[] = jobs.map((j: { id: string }) => j.id)
  expect(ids).toEqual(['denoise/B1', 'phy/B1', 'denoise/B2', 'denoise/B5', 'phy/B5'])
  expect(ws.newRuns().sort()).toEqual(ids.toSorted())
  expect(kept.map((p: { id: string }) => p.id)).toEqual(['phy/B2'])
})

test('each job of the dry run says its reason, its command, its pools and what it comes after', async () => {
  await using ws = await workspace(batches('B1'))
  const { jobs } = (await ws.labmake('-n', '--json')).json()
  expect(jobs).toMatchObject([
    {
      id: 'denoise/B1',
      rule: 'denoise',
      batch: 'B1',
      sources: ['data/mat/B1/'],
      targets: ['data/kwd/B1.kwd'],
      pools: { ram: 1 },
      command: ['denoise', 'B1', 'data/mat/B1', 'data/kwd/B1.kwd', ''],
      reason: { kind: 'target-missing', text: 'data/kwd/B1.kwd is not there yet' },
      after: [],
    },
    { id: 'phy/B1', after: ['denoise/B1'] },
  ])
})

test('a dry run beside a running labmake looks on and disturbs nothing', async () => {
  await using ws = await workspace(batches('B1'))
  ws.hold('denoise/B1')
  const build = ws.start()
  await ws.untilStarted('denoise/B1')
  expect((await ws.labmake('-n')).code).toBe(0)
  ws.release('denoise/B1')
  expect((await build.ended).code).toBe(0)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})
