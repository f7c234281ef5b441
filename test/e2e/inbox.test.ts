import { execFileSync, spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { type Workspace, workspace } from '../workspace.ts'
import { labRules } from './lab.ts'

const quietMs = 100
/** Drops are taken, and nothing is made of them. */
const takesOnly = `quiet: ${quietMs}ms
inbox:
  - accept: "{batch}/*.mat"
    store: data/mat/{batch}/
`
const rules = takesOnly + labRules

async function lab(files: Readonly<Record<string, string>> = {}): Promise<Workspace> {
  const ws = await workspace({ 'rules/ephys.yaml': rules, 'inbox/': '', ...files })
  await still(ws)
  return ws
}

/** Files below a folder, links as they are. */
function* filesBelow(folder: string): Generator<string> {
  // Not what has a name that is no text.
  const named = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.includes('\uFFFD'))
  for (const entry of named) {
    if (entry.isDirectory()) yield* filesBelow(join(folder, entry.name))
    else yield join(folder, entry.name)
  }
}

/** Contents by path. */
function tree(ws: Workspace, folder: string): Record<string, string> {
  if (!existsSync(ws.path(folder))) return {}
  const files = [...filesBelow(ws.path(folder))].sort()
  return Object.fromEntries(files.map((path) => [relative(ws.root, path), readFileSync(path, 'utf8')]))
}

/** Waits until nothing in the inbox changed for the quiet window. */
async function still(ws: Workspace): Promise<void> {
  await ws.until('the inbox is still', () => {
    const changes = [...filesBelow(ws.path('inbox'))].map(
      (path) => statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0,
    )
    return Date.now() - Math.max(0, ...changes) > quietMs + 20
  })
}

/** A folder on another file system, removed after the test; undefined where there is none. */
function otherDisk(ws: Workspace): string | undefined {
  if (!existsSync('/dev/shm') || statSync('/dev/shm').dev === statSync(ws.root).dev) return undefined
  const folder = mkdtempSync('/dev/shm/labmake-test-')
  ws.atEnd(() => rmSync(folder, { recursive: true }))
  return folder
}

test('what is whole is taken and made, and what still arrives is left and said', async () => {
  await using ws = await lab({
    'inbox/B1/a.mat': 'spikes',
    'inbox/B1/notes.txt': 'lost signal at 3',
    'inbox/ana.tsv': 'batch\tomit\nB1\tPort_20\n',
    'inbox/B2/a.mat': 'spikes',
    'inbox/B2/.b.mat.x7Gh2K': 'half',
  })
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(0)
  expect(ws.list('data/mat/B1')).toEqual(['a.mat', 'notes.txt'])
  expect(ws.list('data/kwd')).toEqual(['B1.kwd'])
  expect(ws.list('inbox')).toEqual(['B2'])
  expect(stdout).toMatch(/taken +inbox\/B1/)
  expect(stdout).toMatch(/arriving +inbox\/B2.*\.b\.mat\.x7Gh2K is still being copied, by its name/)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})

test('the same again runs nothing and keeps the second one (case 47)', async () => {
  await using ws = await lab({ 'inbox/B1/a.mat': 'spikes' })
  await ws.labmake()
  ws.newRuns()
  ws.write('inbox/B1/a.mat', 'spikes')
  await still(ws)
  const { code, stdout } = await ws.labmake()
  expect([code, ws.newRuns()]).toEqual([0, []])
  expect(stdout).toMatch(/same +inbox\/B1/)
  expect(Object.keys(tree(ws, '.labmake/attic'))).toEqual([expect.stringMatching(/inbox\/B1\/a\.mat$/)])
})

test('the same name with other content overwrites nothing, until a person decides (case 48)', async () => {
  await using ws = await lab({ 'inbox/B1/a.mat': 'spikes' })
  await ws.labmake()
  ws.newRuns()
  ws.write('inbox/B1/a.mat', 'others')
  await still(ws)
  await ws.labmake()
  expect([ws.newRuns(), ws.read('data/mat/B1/a.mat'), ws.read('inbox/rejected/B1/a.mat')]).toEqual([
    [],
    'spikes',
    'others',
  ])
  expect((await ws.labmake('inbox')).stdout).toMatch(/conflict +B1 .*a\.mat has other content/)
  const taken = await ws.labmake('inbox', 'take', 'B1', '--replace')
  expect([taken.code, taken.stdout]).toEqual([0, expect.stringMatching(/^Took B1: it is kept as data\/mat\/B1\/\./)])
  expect(ws.read('data/mat/B1/a.mat')).toBe('others')
  expect(Object.values(tree(ws, '.labmake/attic'))).toContain('spikes')
  await ws.labmake()
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})

test('a drop from another file system, and one for another, arrive whole (case 49)', async ({ skip }) => {
  await using ws = await lab()
  const other = otherDisk(ws)
  if (other === undefined) return skip('there is no second file system here')
  mkdirSync(join(other, 'inbox/B1/deep'), { recursive: true })
  mkdirSync(join(other, 'mat'))
  writeFileSync(join(other, 'inbox/B1/a.mat'), 'spikes')
  symlinkSync('../a.mat', join(other, 'inbox/B1/deep/link.mat'))
  rmSync(ws.path('inbox'), { recursive: true })
  symlinkSync(join(other, 'inbox'), ws.path('inbox'))
  await still(ws)
  await ws.labmake()
  expect(tree(ws, 'data/mat')).toEqual({ 'data/mat/B1/a.mat': 'spikes', 'data/mat/B1/deep/link.mat': 'spikes' })
  expect(ws.list('inbox')).toEqual([])
  // And back: the recordings lie on the other disk, the inbox does not.
  rmSync(ws.path('data/mat'), { recursive: true })
  rmSync(ws.path('inbox'))
  symlinkSync(join(other, 'mat'), ws.path('data/mat'))
  ws.write('inbox/B2/a.mat', 'spikes')
  await still(ws)
  await ws.labmake()
  expect(readFileSync(join(other, 'mat/B2/a.mat'), 'utf8')).toBe('spikes')
  expect([ws.list('inbox'), readdirSync(join(other, 'mat'))]).toEqual([[], ['B2']])
})

test('a copy by cp -r that goes on is left until it is whole, and made once (case 45)', async () => {
  await using ws = await lab()
  const slowly = `mkdir inbox/B1; for i in 1 2 3 4 5 6 7 8; do echo $i > inbox/B1/$i.mat; sleep 0.05; done; touch copied`
  const copy = spawn('bash', ['-c', slowly], { cwd: ws.root, stdio: 'ignore' })
  ws.atEnd(() => copy.kill())
  while (!ws.exists('copied')) {
    await ws.labmake()
    if (!ws.exists('copied')) expect(ws.list('data/mat')).toEqual([])
  }
  await still(ws)
  await ws.labmake()
  expect(ws.list('data/mat/B1')).toHaveLength(8)
  expect(ws.newRuns()).toEqual(['denoise/B1', 'phy/B1'])
})

test('what is no file, or leads out, is refused with the reason beside it, and what is odd is survived', async () => {
  await using ws = await lab({
    'inbox/pipe/a.mat': '',
    'inbox/link/a.mat': '',
    'inbox/out of it/a.mat': '',
    'inbox/line\nend/a.mat': '',
    'inbox/B1/it\'s "a"\n.mat': 'spikes',
    'inbox/bytes/a.mat': '',
    'inbox/empty/': '',
    'elsewhere/a.mat': '',
  })
  ws.write('rules/ephys.yaml', takesOnly)
  execFileSync('mkfifo', [ws.path('inbox/pipe/p')])
  symlinkSync('../../elsewhere/a.mat', ws.path('inbox/link/b.mat'))
  symlinkSync(ws.path('elsewhere'), ws.path('inbox/itself'))
  const bytes = (text: string) => Buffer.concat([Buffer.from(ws.path(text)), Buffer.from([0xff])])
  renameSync(ws.path('inbox/bytes'), bytes('inbox/bytes'))
  await still(ws)
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.list('data/mat')).toEqual(['B1'])
  const why = (name: string) => ws.read(`inbox/rejected/${name}.why.txt`)
  expect(why('pipe')).toContain('p is a FIFO')
  expect(why('link')).toContain('b.mat is a link that leads out of the recording')
  expect(why('itself')).toContain(`it is a link to ${ws.path('elsewhere')}`)
  expect(why('out of it')).toContain('"out of it" cannot be the name of a batch')
  expect(why('empty')).toContain('it holds no file')
  expect(ws.list('inbox/rejected').filter((name) => !name.endsWith('.why.txt'))).toHaveLength(6)
  expect(ws.read('elsewhere/a.mat')).toBe('')
  // The first run made a name of the bytes that can be written; what became of it is the second one's to say.
  await ws.labmake()
  expect(ws.list('inbox')).toEqual(['rejected'])
  expect(why('bytes\uFFFD')).toContain('cannot be the name of a batch')
})

test('killed again and again among two hundred drops, each is taken once and whole (cases 50, 51)', async () => {
  const names = Array.from({ length: 200 }, (_, i) => `B${i}`)
  await using ws = await lab(
    Object.fromEntries(
      names.flatMap((name) => ['a', 'b'].map((file) => [`inbox/${name}/${file}.mat`, `${name}${file}`])),
    ),
  )
  ws.write('rules/ephys.yaml', takesOnly)
  for (let kill = 0; kill < 5; kill++) {
    const before = ws.list('data/mat').length
    const run = ws.start()
    await ws.until('some were taken', () => ws.list('data/mat').length > before + 10 || run.hasEnded())
    run.signal('SIGKILL')
    await run.ended
  }
  await ws.labmake()
  await still(ws)
  await ws.labmake()
  expect(ws.list('data/mat')).toEqual([...names].sort())
  expect(tree(ws, 'data/mat')).toEqual(
    Object.fromEntries(
      names.flatMap((name) => ['a', 'b'].map((file) => [`data/mat/${name}/${file}.mat`, `${name}${file}`])).sort(),
    ),
  )
  expect([ws.list('inbox'), ws.list('.labmake/claims'), tree(ws, '.labmake/attic')]).toEqual([[], [], {}])
  const records = ws
    .read('.labmake/journal.jsonl')
    .split('\n')
    .filter((line) => line.includes('"taken"'))
  expect(records.map((line) => JSON.parse(line).drop).sort()).toEqual([...names].sort())
})

test('labmake inbox lists what lies there and changes nothing, not a byte', async () => {
  await using ws = await lab({ 'inbox/B1/a.mat.part': 'half', 'inbox/B2/a.mat': 'ab', 'inbox/rejected/by hand/x': '' })
  const before = execFileSync('find', ['.', '-printf', '%p %s %T@ %C@\n'], { cwd: ws.root, encoding: 'utf8' })
  const list = (await ws.labmake('inbox')).stdout
  const json = (await ws.labmake('inbox', '--json')).json()
  const after = execFileSync('find', ['.', '-printf', '%p %s %T@ %C@\n'], { cwd: ws.root, encoding: 'utf8' })
  expect(after).toBe(before)
  expect(list).toMatch(/refused +by hand .*\n.*\narriving +B1 .*a\.mat\.part.*\nsettling +B2 +1 file, 2 B/)
  expect(json.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`)).toEqual([
    'by hand refused',
    'B1 arriving',
    'B2 settling',
  ])
  expect(json[1].reason).toContain('a.mat.part')
})

test('labmake inbox says what to do with an empty one', async () => {
  await using ws = await lab()
  expect((await ws.labmake('inbox')).stdout).toMatch(/^The inbox is empty\. Drop a recording folder.*\nstill for 0\.1s/)
  expect((await ws.labmake('inbox', '--json')).json()).toEqual([])
})

test('labmake inbox take gives a drop another name, and says what it cannot', async () => {
  await using ws = await lab({ 'inbox/my rec (1)/a.mat': 'spikes' })
  const other = await ws.labmake('inbox', 'take', 'my rec')
  expect([other.code, other.stdout]).toEqual([1, 'There is no my rec in the inbox. Known: my rec (1).\n'])
  const both = await ws.labmake('inbox', 'take', 'my rec (1)', '--replace', '--as', 'B1')
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('--replace and --as mean different things')])
  const taken = await ws.labmake('inbox', 'take', 'my rec (1)', '--as', 'B1', '--json')
  expect(taken.json()).toMatchObject({ done: true, count: 1, text: 'Took my rec (1): it is kept as data/mat/B1/.' })
  expect(ws.read('data/mat/B1/a.mat')).toBe('spikes')
})

test('a recording that was copied with its old times was still copied just now', async () => {
  await using ws = await lab({ 'old/a.mat': 'spikes' })
  ws.age('old', { seconds: 86_400 })
  cpSync(ws.path('old'), ws.path('inbox/B1'), { recursive: true, preserveTimestamps: true })
  ws.write('rules/ephys.yaml', rules.replace(`${quietMs}ms`, '1h'))
  await ws.labmake()
  expect(ws.list('inbox')).toEqual(['B1'])
  ws.write('rules/ephys.yaml', rules)
  await still(ws)
  await ws.labmake()
  expect(statSync(ws.path('data/mat/B1/a.mat')).mtimeMs).toBeLessThan(Date.now() - 80_000_000)
})
