import { existsSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Workspace, workspace } from '../workspace.ts'
import { oneRule } from './lab.ts'

/** A labmake whose recipe has begun, killed with SIGKILL; returns the folder of the attempt. */
async function killed(ws: Workspace): Promise<string> {
  const labmake = ws.start()
  await ws.until('the recipe began', () => ws.exists('began'))
  labmake.signal('SIGKILL')
  await labmake.ended
  return `.labmake/running/${ws.list('.labmake/running')[0]}`
}

const working = `perl -e '1 for 1 .. 8e6'`

test('what an attempt used is in the journal, and history and why show it', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('script: |', `  ${working}; cp "$1" "$target"`),
    'in/a.txt': 'one',
  })
  expect((await ws.labmake()).code).toBe(0)
  const made = (await ws.labmake('history', '--json')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .at(-1)
  expect(made).toMatchObject({ type: 'made', use: { cpuSeconds: expect.any(Number), readBytes: expect.any(Number) } })
  expect(made.use.cpuSeconds).toBeGreaterThan(0.03)
  expect((await ws.labmake('history')).stdout).toMatch(/copy\/a {2}\d+\.\ds \(cpu \d+\.\ds.*\) {2}out\/a\.txt/)
  expect((await ws.labmake('why', 'out/a.txt')).stdout).toMatch(/ {2}it used \d+\.\ds of processor time, .*wrote/)
})

test('what an attempt used that ended while no labmake ran is recorded too', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule(
      'script: |',
      `  touch began; until [ -e go ]; do sleep 0.02; done; ${working}; cp "$1" "$target"`,
    ),
    'in/a.txt': 'one',
  })
  const folder = await killed(ws)
  ws.write('go', '')
  await ws.until('it ended', () => ws.exists(`${folder}/exit`))
  expect((await ws.labmake()).code).toBe(0)
  const [made] = (await ws.labmake('history', '--json')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(made.use.cpuSeconds).toBeGreaterThan(0.03)
  // Nobody looked at its memory.
  expect(made.use).not.toHaveProperty('peakBytes')
})

test('the log of a recipe is kept short also where labmake was killed', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule(
      'script: |',
      '  touch began; until [ -e go ]; do sleep 0.02; done',
      '  head -c 150000000 /dev/zero | tr "\\\\0" x; echo; echo last words',
      '  until [ -e release ]; do sleep 0.02; done; exit 3',
    ),
    'in/a.txt': 'one',
  })
  const folder = await killed(ws)
  const log = ws.path('.labmake/logs/copy/a/1.log')
  ws.write('go', '')
  await ws.until('it grew too long', () => statSync(log).size > 150_000_000)
  await ws.until('it was shortened', () => statSync(log).size < 20_000_000 && !existsSync(`${log}.tail`))
  ws.write('release', '')
  await ws.until('it ended', () => ws.exists(`${folder}/exit`))
  const text = ws.read('.labmake/logs/copy/a/1.log')
  const [, leftOut] = /\n\[labmake left out (\d+) bytes here: .*\]\n/.exec(text) ?? []
  expect(Number(leftOut)).toBeGreaterThan(130_000_000)
  expect(text.endsWith('x\nlast words\n')).toBe(true)
  expect((await ws.labmake('log', 'copy/a')).stdout.length).toBe(text.length)
})

test('the shell that starts recipes ends with labmake', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('script: echo $PPID >shim; cp "$1" "$target"'),
    'in/a.txt': 'one',
  })
  expect((await ws.labmake()).code).toBe(0)
  const parent = ws.read('shim').trim()
  await ws.until('it ended', () => !existsSync(`/proc/${parent}`))
})
