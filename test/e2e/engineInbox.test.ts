import { spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { enginePid, type Workspace, workspace } from '../workspace.ts'
import { labRules } from './lab.ts'

// What is dropped while an engine runs. What one labmake that passes by takes is in inbox.test.ts.

const rules = (quiet: string) => `quiet: ${quiet}
inbox:
  - accept: "{batch}/*.mat"
    store: data/mat/{batch}/
${labRules}`

async function lab(quiet: string, files: Readonly<Record<string, string>> = {}): Promise<Workspace> {
  return workspace({ 'rules/ephys.yaml': rules(quiet), 'inbox/': '', ...files })
}

/** A folder outside of the workspace. */
function rig(ws: Workspace, above = tmpdir()): string {
  const folder = mkdtempSync(join(above, 'labmake-test-rig-'))
  ws.atEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Puts a folder into the inbox in one instant. */
function drop(ws: Workspace, batch: string, files: Readonly<Record<string, string>>): void {
  const folder = rig(ws)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  renameSync(folder, ws.path(`inbox/${batch}`))
}

const untilMade = (ws: Workspace, ...batches: string[]) =>
  ws.until(`${batches} are made`, () => batches.every((batch) => ws.exists(`data/phy/${batch}/params.py`)))

test('what came while no engine ran is taken when one starts', async () => {
  await using ws = await lab('100ms', { 'inbox/B1/a.mat': 'spikes', 'inbox/ana.tsv': 'batch\tomit\nB1\tPort_2\n' })
  await ws.labmake('engine', 'start')
  await untilMade(ws, 'B1')
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
  expect(ws.read('data/kwd/B1.kwd')).toBe('omit=Port_2\nspikes')
  expect(ws.list('inbox')).toEqual([])
})

test('a folder that is copied for seconds is made once, when it is whole (case 45)', async () => {
  await using ws = await lab('800ms')
  await ws.labmake('engine', 'start')
  const slowly = 'mkdir inbox/B1; for i in 1 2 3 4 5 6 7 8 9; do echo $i > inbox/B1/$i.mat; sleep 0.25; done'
  const copy = spawn('bash', ['-c', slowly], { cwd: ws.root, stdio: 'ignore' })
  ws.atEnd(() => copy.kill())
  await untilMade(ws, 'B1')
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
  expect(ws.read('data/kwd/B1.kwd')).toBe('omit=\n1\n2\n3\n4\n5\n6\n7\n8\n9\n')
})

test("rsync's own names hold a drop back, however long rsync stands still (case 46)", async ({ skip }) => {
  if (spawnSync('rsync', ['--version']).status !== 0) return skip('there is no rsync here')
  await using ws = await lab('200ms')
  const from = rig(ws)
  writeFileSync(join(from, 'a.mat'), 'a'.repeat(400_000))
  writeFileSync(join(from, 'b.mat'), 'b')
  await ws.labmake('engine', 'start')
  const words = ['-r', '--bwlimit=400', `${from}/`, ws.path('inbox/B1/')]
  const rsync = spawn('rsync', words, { detached: true, stdio: 'ignore' })
  const signal = (name: NodeJS.Signals) => process.kill(-rsync.pid!, name)
  await ws.until('rsync is at work', () => ws.list('inbox/B1').some((name) => name.startsWith('.a.mat.')))
  signal('SIGSTOP')
  drop(ws, 'B2', { 'a.mat': 'came later, and was whole before' })
  await untilMade(ws, 'B2')
  expect(ws.list('data/mat')).toEqual(['B2'])
  expect((await ws.labmake('inbox')).stdout).toMatch(/arriving +B1 .*\.a\.mat\.\w+ is still being copied, by its name/)
  signal('SIGCONT')
  await untilMade(ws, 'B1')
  expect(ws.newRuns()).toEqual(['denoise/B2', 'phy/B2', 'denoise/B1', 'phy/B1'])
  expect(ws.read('data/kwd/B1.kwd')).toBe(`omit=\n${'a'.repeat(400_000)}b`)
})

test('the same again, and the same name with other content, make nothing and overwrite nothing (cases 47, 48)', async () => {
  await using ws = await lab('100ms')
  await ws.labmake('engine', 'start')
  drop(ws, 'B1', { 'a.mat': 'spikes' })
  await untilMade(ws, 'B1')
  drop(ws, 'B1', { 'a.mat': 'spikes' })
  await ws.until('the second one is in the attic', () => ws.list('.labmake/attic').length === 1)
  drop(ws, 'B1', { 'a.mat': 'others' })
  await ws.until('the third one is refused', () => ws.exists('inbox/rejected/B1.why.txt'))
  drop(ws, 'B2', { 'a.mat': 'spikes' })
  await untilMade(ws, 'B2')
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1', 'denoise/B2', 'phy/B2'])
  expect([ws.read('data/mat/B1/a.mat'), ws.read('inbox/rejected/B1/a.mat')]).toEqual(['spikes', 'others'])
  expect((await ws.labmake('inbox', 'take', 'B1', '--replace')).code).toBe(0)
  await ws.until('B1 is made of the others', () => ws.read('data/kwd/B1.kwd') === 'omit=\nothers')
})

test('who goes on writing to a file that was taken has it made once more, whole', async () => {
  await using ws = await lab('100ms')
  await ws.labmake('engine', 'start')
  mkdirSync(ws.path('inbox/B1'))
  const file = openSync(ws.path('inbox/B1/a.mat'), 'a')
  writeSync(file, 'first, ')
  await untilMade(ws, 'B1')
  writeSync(file, 'and more')
  closeSync(file)
  await ws.until('it is made of all', () => ws.read('data/kwd/B1.kwd') === 'omit=\nfirst, and more')
  await ws.until('phy is made of it', () => ws.read('data/phy/B1/spike_times.npy') === 'omit=\nfirst, and more')
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1', 'denoise/B1', 'phy/B1'])
})

test('ten thousand files at once: each batch is made once (case 51)', { timeout: 180_000 }, async () => {
  const names = Array.from({ length: 100 }, (_, i) => `B${i}`)
  const mats = Array.from({ length: 100 }, (_, i) => `${i}.mat`)
  await using ws = await lab('200ms')
  ws.write('rules/ephys.yaml', rules('200ms').replace('ram: 1', 'ram: 4'))
  await ws.labmake('engine', 'start')
  const from = rig(ws)
  for (const name of names) {
    mkdirSync(join(from, name))
    for (const mat of mats) writeFileSync(join(from, name, mat), `${mat} of ${name}\n`)
  }
  for (const name of names) renameSync(join(from, name), ws.path(`inbox/${name}`))
  for (let made = -1; made < names.length; ) {
    // As long as it gets on it may take as long as it takes.
    const before = made
    await ws.until('more is made', () => ws.list('data/phy').filter((name) => !name.startsWith('.')).length > before)
    made = ws.list('data/phy').filter((name) => !name.startsWith('.')).length
  }
  expect(ws.newRuns().sort()).toEqual(names.flatMap((name) => [`denoise/${name}`, `phy/${name}`]).sort())
  expect(names.filter((name) => ws.list(`data/mat/${name}`).length !== mats.length)).toEqual([])
  expect(ws.list('inbox')).toEqual([])
})

const bigMats = Array.from({ length: 12 }, (_, i) => `${i}.mat`)
const bigBytes = 8_000_000

/** Each file has its name at both ends, and nothing between. */
function writeBig(folder: string): void {
  mkdirSync(folder)
  for (const name of bigMats) {
    const path = join(folder, name)
    writeFileSync(path, name)
    truncateSync(path, bigBytes)
    const file = openSync(path, 'r+')
    writeSync(file, name, bigBytes - name.length)
    closeSync(file)
  }
}

const isBigWhole = (folder: string) =>
  bigMats.every((name) => {
    if (!existsSync(join(folder, name))) return false
    const content = readFileSync(join(folder, name))
    return (
      content.length === bigBytes &&
      content.subarray(0, name.length).toString() === name &&
      content.subarray(-name.length).toString() === name
    )
  })

/** Bytes in the folders that begin with `.labmake-` here: what was copied until now. */
function stagedBytes(folder: string): number {
  const staging = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('.labmake-')) : []
  return staging.reduce((sum, name) => sum + bytesBelow(join(folder, name)), 0)
}

function bytesBelow(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat?.isDirectory()) return stat?.size ?? 0
  try {
    return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0)
  } catch {
    // It was moved into place between the two looks.
    return 0
  }
}

test('an engine that is killed again and again while it copies a drop from another disk loses nothing of it (cases 49, 50)', {
  timeout: 120_000,
}, async ({ skip }) => {
  await using ws = await lab('100ms')
  if (!existsSync('/dev/shm') || statSync('/dev/shm').dev === statSync(ws.root).dev)
    return skip('there is no second file system here')
  const other = rig(ws, '/dev/shm')
  mkdirSync(join(other, 'inbox'))
  rmSync(ws.path('inbox'), { recursive: true })
  symlinkSync(join(other, 'inbox'), ws.path('inbox'))
  writeBig(join(other, 'inbox/big'))
  const all = bigMats.length * bigBytes
  /** Where it may lie as long as it is not stored: dropped, or claimed. */
  const places = () => readdirSync(join(other, 'inbox')).map((name) => join(other, 'inbox', name))
  const isDropped = () => places().some((place) => isBigWhole(place) || isBigWhole(join(place, 'big')))
  const moments = [0, 0.01, 0.3, 0.6, 0.9, 1].map((share) => ({
    what: `${share * 100} % are copied`,
    has: () => ws.list('.labmake/claims').length > 0 && stagedBytes(ws.path('data/mat')) >= share * all,
  }))
  for (const { what, has } of moments) {
    await ws.labmake('engine', 'start')
    const pid = enginePid(ws.root)!
    await ws.until(`${what}, or it is stored`, () => has() || ws.exists('data/mat/big'))
    process.kill(pid, 'SIGKILL')
    await ws.until('the engine is gone', () => !existsSync(`/proc/${pid}`))
    const isStored = ws.exists('data/mat/big')
    expect(isStored ? isBigWhole(ws.path('data/mat/big')) : isDropped(), `killed when ${what}`).toBe(true)
  }
  await ws.labmake('engine', 'start')
  await untilMade(ws, 'big')
  await ws.until('nothing is left of the claim', () => ws.list('.labmake/claims').length === 0)
  expect(isBigWhole(ws.path('data/mat/big'))).toBe(true)
  expect([ws.list('inbox'), ws.list('data/mat'), ws.list('.labmake/attic')]).toEqual([[], ['big'], []])
  expect(ws.newRuns()).toEqual(['denoise/big', 'phy/big'])
  const taken = ws
    .read('.labmake/journal.jsonl')
    .split('\n')
    .filter((line) => line.includes('"taken"'))
  expect(taken).toHaveLength(1)
})
