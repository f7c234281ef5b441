import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { formatLine } from '../../src/io/journalLines.ts'
import type { MadeRecord } from '../../src/model/record.ts'
import { type RecipeNote, type Workspace, workspace } from '../workspace.ts'

// What ran at once is told by the recipes themselves, by when they started and ended.

/** A rule whose jobs do nothing but note when they ran. `pool`: as it is written in the rule. */
function noteRule(name: string, pool: string, ...lines: string[]): string {
  return `
  ${name}:
    sources: in/{x}.${name}
    targets: out/${name}-{x}.txt
    pool: ${pool}
    script: . held; begin "${name}/$x"; echo "\${slots_ram:-}" >"$target"; end
${lines.map((line) => `    ${line}\n`).join('')}`
}

const sources = (rule: string, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i): [string, string] => [`in/${i + 1}.${rule}`, 'x']))

/** The most that was taken at once, where each job of a rule takes that much. */
function mostTaken(notes: readonly RecipeNote[], takes: Readonly<Record<string, number>>): number {
  let [now, most] = [0, 0]
  for (const { recipe, event } of notes) {
    now += (event === 'start' ? 1 : -1) * (takes[recipe.split('/', 1)[0]!] ?? 0)
    most = Math.max(most, now)
  }
  return most
}

const statusOf = async (ws: Workspace) => (await ws.labmake('status', '--json')).json()

test('jobs of different amounts run beside each other, and never more at once than the pool holds', async () => {
  await using ws = await workspace({
    'rules/r.yaml': `
pools: { ram: 20GB, cpu: 8 }
rules:
${noteRule('big', '{ ram: 12GB }')}
${noteRule('middle', '{ ram: 5GB, cpu: 2 }')}
${noteRule('small', '{ ram: 3GB }')}
${noteRule('none', 'cpu')}
`,
    ...sources('big', 3),
    ...sources('middle', 6),
    ...sources('small', 8),
    ...sources('none', 4),
  })
  ws.hold('big/1')
  const build = ws.start()
  await ws.untilStarted('big/1')
  await ws.until('others run beside it', () => ws.exists('out/small-1.txt') && ws.exists('out/none-4.txt'))
  ws.release('big/1')
  expect((await build.ended).code).toBe(0)
  expect(ws.newRuns()).toHaveLength(21)
  expect(mostTaken(ws.notes(), { big: 12, middle: 5, small: 3 })).toBeLessThanOrEqual(20)
  expect(mostTaken(ws.notes(), { middle: 2, none: 1 })).toBeLessThanOrEqual(8)
  expect(ws.read('out/big-1.txt')).toBe('12000000000\n')
})

test('a big job is not starved by small ones', async () => {
  await using ws = await workspace({
    'rules/r.yaml': `
pools: { ram: 20GB, cpu: 8 }
rules:
${noteRule('prepare', 'cpu', 'priority: 3')}
${noteRule('big', '{ ram: 20GB }', 'priority: 2').replace('in/{x}.big', 'out/prepare-{x}.txt')}
${noteRule('small', '{ ram: 5GB }')}
`,
    ...sources('prepare', 1),
    ...sources('small', 40),
  })
  // Three small ones are at work when the big one could start, so that it has to wait for memory.
  ws.hold('small/1', 'small/2', 'small/3')
  const build = ws.start()
  await ws.untilStarted('small/4')
  ws.release('small/1', 'small/2', 'small/3')
  expect((await build.ended).code).toBe(0)
  const notes = ws.notes()
  const atBig = notes.findIndex(({ recipe, event }) => recipe === 'big/1' && event === 'start')
  expect(notes[atBig + 1]).toMatchObject({ recipe: 'big/1', event: 'end' })
  expect(ws.newRuns().indexOf('big/1')).toBeLessThan(30)
  expect(mostTaken(notes, { big: 20, small: 5 })).toBe(20)
})

test('what a rule asks wrongly is said with place and remedy, and the others run', async () => {
  await using ws = await workspace({
    'rules/good.yaml': `
pools: { ram: 20GB, gpu: 2 }
rules:
${noteRule('small', '{ ram: 5GB }')}
${noteRule('vague', 'ram')}
${noteRule('huge', '{ ram: 64GB }')}
${noteRule('odd', '{ gpu: 5GB }')}
`,
    'rules/bad.yaml': 'pools:\n  mem: 64GBB\n',
    ...sources('small', 1),
    ...sources('huge', 1),
  })
  const { code, stdout } = await ws.labmake()
  expect(code).toBe(2)
  expect(stdout).toMatch(/rules\/bad\.yaml:2:8: "64GBB": there is no unit GBB/)
  expect(stdout).toContain('Did you mean GB?')
  expect(stdout).toMatch(
    /rules\/good\.yaml:\d+.* rule huge asks for 64 GB of ram, which has 20 GB \(rules\/good\.yaml:2/,
  )
  expect(stdout).toContain('rule vague does not say how much of ram it needs, which counts memory: 20 GB')
  expect(stdout).toContain('rule odd asks for 5 GB of gpu, which has no memory but 2 slots')
  expect(ws.newRuns()).toEqual(['small/1'])
})

test('the size is changed while jobs run: nothing is ended, and it counts from then on', async () => {
  await using ws = await workspace({
    'rules/r.yaml': `
pools: { ram: 10GB }
rules:
${noteRule('small', '{ ram: 5GB }')}
`,
    ...sources('small', 6),
  })
  const names = ['1', '2', '3', '4', '5', '6'].map((x) => `small/${x}`)
  ws.hold(...names)
  await ws.labmake('engine', 'start')
  await ws.untilStarted('small/1', 'small/2')
  expect((await statusOf(ws)).pools).toContainEqual({ name: 'ram', sizeBytes: 10e9, usedBytes: 10e9, queued: 4 })
  expect((await ws.labmake('status')).stdout).toMatch(
    /small\/3 +queued +out\/small-3\.txt is not there yet; waits for 5 GB of ram: 0 of 10 GB are free/,
  )
  expect((await ws.labmake('pool', 'ram', '--slots', '3')).stdout).toBe(
    'The pool ram counts memory: labmake pool ram --size 10GB.\n',
  )
  expect((await ws.labmake('pool', 'ram', '--size', '5GB')).stdout).toContain(
    'ram has 5 GB now, until the engine ends.',
  )
  ws.release('small/1')
  await ws.until('it ended', () => ws.exists('out/small-1.txt'))
  ws.release('small/2')
  await ws.untilStarted('small/3')
  expect(ws.newRuns().sort()).toEqual(['small/1', 'small/2', 'small/3'])
  expect((await ws.labmake('pool', 'ram', '--size', '15GB')).code).toBe(0)
  await ws.untilStarted('small/4', 'small/5')
  expect((await statusOf(ws)).pools).toContainEqual({ name: 'ram', sizeBytes: 15e9, usedBytes: 15e9, queued: 1 })
  ws.release('small/3', 'small/4', 'small/5', 'small/6')
  await ws.until('all are made', () => ws.exists('out/small-6.txt'))
  expect(mostTaken(ws.notes(), { small: 5 })).toBeLessThanOrEqual(15)
})

test('a job of a killed labmake keeps the amount that it took, also one of a labmake that knew slots alone', async () => {
  const rules = (ram: string, pool: string) => `
pools: { ram: ${ram} }
rules:
${noteRule('big', pool)}
`
  await using ws = await workspace({ 'rules/r.yaml': rules('2', '{ ram: 1 }'), ...sources('big', 4) })
  ws.hold('big/1', 'big/2')
  const first = ws.start()
  await ws.untilStarted('big/1', 'big/2')
  first.signal('SIGKILL')
  await first.ended
  ws.write('rules/r.yaml', rules('30GB', '{ ram: 12GB }'))
  const second = ws.start('big/3', 'big/4')
  await ws.until('both are taken over', () => second.stdout().split('adopted').length === 3)
  ws.release('big/1')
  await ws.untilStarted('big/3')
  ws.release('big/2')
  expect((await second.ended).code).toBe(0)
  expect(mostTaken(ws.notes(), { big: 12 })).toBeLessThanOrEqual(30)
})

test('--dry-run --json says what a job asks for', async () => {
  await using ws = await workspace({
    'rules/r.yaml': `pools: { ram: 30GB }\nrules:\n${noteRule('big', '{ ram: 12GB, cpu: 1 }')}`,
    ...sources('big', 1),
  })
  const { jobs } = (await ws.labmake('-n', '--json')).json()
  expect(jobs).toMatchObject([{ id: 'big/1', pools: { ram: { bytes: 12e9 }, cpu: 1 } }])
  expect((await ws.labmake('doctor')).stdout).toContain('pool ram: 30 GB (rules/r.yaml:1')
})

test('doctor says what past runs needed: of a rule that asks for too little, and of one that does not say how much', async () => {
  const made = (rule: string): MadeRecord => {
    const base = { type: 'made', at: '2025-08-10T12:00:00Z', job: `${rule}/1`, target: `out/${rule}-1.txt` } as const
    const provenance = { sources: {}, uses: {}, targets: {}, recipe: '', params: {}, log: '' }
    return { ...base, ...provenance, attempt: 1, seconds: 60, sourceBytes: 1, use: { peakBytes: 14e9 } }
  }
  await using ws = await workspace({
    'rules/r.yaml': `pools: { ram: 64GB }\nrules:\n${noteRule('big', '{ ram: 12GB }')}${noteRule('vague', 'ram')}`,
    '.labmake/journal.jsonl': [made('big'), made('vague'), made('gone')].map(formatLine).join(''),
    ...sources('big', 1),
  })
  const { stdout } = await ws.labmake('doctor')
  expect(stdout).toContain('big asks for 12 GB of ram, but has peaked at 14 GB in 1 run')
  expect(stdout).toContain('Write pool: { ram: 17GB }.')
  expect(stdout).toContain('vague has peaked at 14 GB in 1 run')
  expect(stdout).not.toContain('gone')
})

/** Jobs that write down, in a log of several workspaces, their start and their end with what they take. */
function sharedRules(pool: string, log: string, seconds: number): string {
  const rule = (name: string, gigabytes: number) => `
  ${name}:
    sources: in/{x}.${name}
    targets: out/${name}-{x}.txt
    pool: { ${pool}: ${gigabytes}GB }
    script: |
      echo "${gigabytes}" >>${log}
      trap 'echo "-${gigabytes}" >>${log}' EXIT
      sleep ${seconds}
      echo made >"$target"
`
  return `pools:\n  ${pool}: { size: 20GB, shared: true }\nrules:\n${rule('big', 12)}${rule('small', 4)}`
}

const changes = (log: string) => readFileSync(log, 'utf8').split('\n').filter(Boolean).map(Number)
function mostIn(log: string): number {
  let now = 0
  return changes(log).reduce((most, change) => {
    now += change
    return Math.max(most, now)
  }, 0)
}

test('memory that two workspaces share is never over, however often one of them is killed', async () => {
  const pool = `p${randomUUID().replaceAll('-', '').slice(0, 12)}`
  const all = { ...sources('big', 20), ...sources('small', 60) }
  await using one = await workspace(all)
  await using two = await workspace(all)
  const log = one.path('log')
  one.write('log', '')
  one.write('rules/r.yaml', sharedRules(pool, log, 0.2))
  two.write('rules/r.yaml', sharedRules(pool, log, 0.05))
  const other = two.start()
  for (let round = 0; round < 6; round++) {
    const started = one.start()
    // At any instant of its life.
    await wait(300 + Math.random() * 1200)
    started.signal('SIGKILL')
    await started.ended
  }
  other.signal('SIGKILL')
  await other.ended
  await one.until('what ran has ended', () => changes(log).reduce((a, b) => a + b, 0) === 0)
  expect(mostIn(log)).toBeLessThanOrEqual(20)
  expect(changes(log)).toContain(12)
  expect(changes(log)).toContain(4)
  await using last = await workspace({ 'rules/r.yaml': sharedRules(pool, log, 0), ...sources('big', 1) })
  expect((await last.labmake()).code).toBe(0)
}, 120_000)
