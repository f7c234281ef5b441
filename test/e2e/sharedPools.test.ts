import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { labmakePath, type Workspace, workspace } from '../workspace.ts'

/** Labmakes of the whole machine share what has one name, so that each test has one of its own. */
const poolName = () => `p${randomUUID().replaceAll('-', '').slice(0, 12)}`

/** A log to which recipes of several workspaces and users write when they run. */
const folder = mkdtempSync(`${tmpdir()}/labmake-shared-log-`)
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true }))

function newLog(): string {
  const log = `${folder}/${randomUUID()}`
  writeFileSync(log, '')
  chmodSync(log, 0o666)
  return log
}

/** Jobs that write down their start and their end. */
function rules({
  pool,
  log,
  slots = 1,
  seconds = 0.05,
}: {
  pool: string
  log: string
  slots?: number
  seconds?: number
}) {
  return `
pools:
  ${pool}: { slots: ${slots}, shared: true }
  cpu: 8
rules:
  note:
    sources: in/{x}
    targets: out/{x}
    pool: { ${pool}: 1, cpu: 1 }
    script: |
      echo "start $$" >>${log}
      trap 'echo "end $$" >>${log}' EXIT
      sleep ${seconds}
      echo made >"$target"
`
}

const sources = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i): [string, string] => [`in/${i}`, 'x']))

/** The most recipes at once, by what they wrote, and how many there were. */
function mostIn(log: string): { most: number; starts: number } {
  let now = 0
  const counts = { most: 0, starts: 0 }
  for (const line of readFileSync(log, 'utf8').split('\n').filter(Boolean)) {
    now += line.startsWith('start') ? 1 : -1
    if (line.startsWith('start')) counts.starts++
    counts.most = Math.max(counts.most, now)
  }
  return counts
}

test('two workspaces that hammer a shared pool of 2 never have more than 2 at once, and both get on', async () => {
  const [pool, log] = [poolName(), newLog()]
  await using one = await workspace({ 'rules/r.yaml': rules({ pool, log, slots: 2 }), ...sources(8) })
  await using two = await workspace({ 'rules/r.yaml': rules({ pool, log, slots: 2 }), ...sources(8) })
  const ends = await Promise.all([one.labmake(), two.labmake()])
  expect(ends.map(({ code }) => code)).toEqual([0, 0])
  expect(mostIn(log)).toEqual({ most: 2, starts: 16 })
})

test('a slot is taken as long as the job runs whose labmake was killed, and free after it (case 37)', async () => {
  const [pool, log] = [poolName(), newLog()]
  await using one = await workspace({ 'rules/r.yaml': rules({ pool, log, seconds: 600 }), ...sources(1) })
  await using two = await workspace({ 'rules/r.yaml': rules({ pool, log }), ...sources(1) })
  const killed = one.start()
  await one.until('the job runs', () => mostIn(log).starts === 1)
  killed.signal('SIGKILL')
  await killed.ended
  const next = two.start()
  await two.until('it says who has the slot', () => next.stdout().includes(one.root))
  expect(mostIn(log).starts).toBe(1)
  endRecipes(one)
  expect((await next.ended).code).toBe(0)
  expect(mostIn(log)).toEqual({ most: 1, starts: 2 })
})

test('however often a labmake is killed at any instant, the pool is never over, and what is left is free in the end', async () => {
  const [pool, log] = [poolName(), newLog()]
  const rounds = 12
  await using one = await workspace({ 'rules/r.yaml': rules({ pool, log, seconds: 0.2 }), ...sources(400) })
  await using two = await workspace({ 'rules/r.yaml': rules({ pool, log, seconds: 0.01 }), ...sources(400) })
  const other = two.start()
  for (let round = 0; round < rounds; round++) {
    const started = one.start()
    // At any instant of its life, from before the first look at the pool to the midst of a job.
    await wait(250 + Math.random() * 1500)
    started.signal('SIGKILL')
    await started.ended
  }
  other.signal('SIGKILL')
  await other.ended
  await one.until('what ran has ended', () => ended(log))
  await using last = await workspace({ 'rules/r.yaml': rules({ pool, log }), ...sources(1) })
  expect((await last.labmake()).code).toBe(0)
  expect(mostIn(log).most).toBe(1)
  expect(mostIn(log).starts).toBeGreaterThan(rounds / 2)
}, 600_000)

const nobodyUid = 65534
const mayTryUsers = process.getuid?.() === 0 && asNobody(['--version']).status === 0

describe.skipIf(!mayTryUsers)('two users', () => {
  test('a slot of one is not given to the other, and comes free for the other', async () => {
    const [pool, log] = [poolName(), newLog()]
    await using one = await workspace({ 'rules/r.yaml': rules({ pool, log, seconds: 600 }), ...sources(1) })
    await using two = await workspace({ 'rules/r.yaml': rules({ pool, log }), ...sources(4) })
    execFileSync('chown', ['-R', `${nobodyUid}:${nobodyUid}`, two.root])
    const first = one.start()
    await one.until('the job of root runs', () => mostIn(log).starts === 1)
    const second = spawn('setpriv', nobodyWords(['-C', two.root]), { stdio: ['ignore', 'pipe', 'ignore'] })
    let said = ''
    second.stdout.on('data', (text) => {
      said += text
    })
    const ended = new Promise((resolve) => second.once('close', resolve))
    await two.until('it says who has the slot', () => said.includes(one.root))
    expect(mostIn(log).starts).toBe(1)
    first.signal('SIGKILL')
    await first.ended
    expect(mostIn(log).starts).toBe(1)
    endRecipes(one)
    expect(await ended).toBe(0)
    expect(mostIn(log)).toEqual({ most: 1, starts: 5 })
  })
})

function nobodyWords(args: readonly string[]): string[] {
  const id = String(nobodyUid)
  return [`--reuid=${id}`, `--regid=${id}`, '--clear-groups', 'env', 'HOME=/', labmakePath, ...args]
}

function asNobody(args: readonly string[]) {
  return spawnSync('setpriv', nobodyWords(args), { cwd: '/' })
}

/** Ends the recipes of a workspace, as a person might: the shims live on to write that down. */
function endRecipes(ws: Workspace): void {
  for (const slug of ws.list('.labmake/running')) {
    const path = `.labmake/running/${slug}/pid`
    if (ws.exists(path)) process.kill(-Number.parseInt(ws.read(path), 10), 'SIGTERM')
  }
}

function ended(log: string): boolean {
  const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean)
  return lines.filter((line) => line.startsWith('end')).length * 2 === lines.length
}
