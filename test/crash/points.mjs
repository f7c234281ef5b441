// labmake killed before each call that changes something, one after the other, in a small run that does everything once: a
// recording and a manifest are taken, a drop is refused, a target is made and another replaced, a recipe fails.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { drop, endProcess, makeLab, processesIn, quietMs, replaceFile, startLabmake } from './lab.mjs'
import { judge } from './oracle.mjs'

/** By then a run has done all that it had to do. */
const stayMs = 8_000
/** Recipes end within this, unless something is wrong. */
const patienceMs = 30_000

/** What the workspace is to be like after all: B1 was made of other things before. */
const expected = new Map([
  ['B1', { files: { 'a.mat': 'B1 a v2\n' }, omit: 'Port_2' }],
  ['B2', { files: { 'a.mat': 'B2 a v1\n' }, omit: '' }],
  ['B3', { files: { 'a.mat': 'B3 a v1\n' }, omit: '' }],
])

/** A workspace as it is before the run. Copied for each kill. */
export async function makeTemplate() {
  const root = makeLab()
  replaceFile(root, 'data/mat/B1/a.mat', 'B1 a v1\n')
  replaceFile(root, 'data/manifests/omits.tsv', 'batch\tomit\nB1\tPort_1\n')
  const { code, said } = await startLabmake(root, []).ended
  if (code !== 0) throw new Error(`the template could not be made: ${said}`)
  replaceFile(root, 'data/mat/B1/a.mat', 'B1 a v2\n')
  replaceFile(root, 'data/mat/B3/a.mat', 'B3 a v1\n')
  drop(root, 'B2', { 'a.mat': 'B2 a v1\n' })
  replaceFile(root, 'inbox/omits.tsv', 'batch\tomit\nB1\tPort_2\n')
  replaceFile(root, 'inbox/bad.bin', 'not a recording')
  writeFileSync(join(root, 'fail/clean-B3'), '')
  return root
}

/** A copy of the template in which the drops are whole. */
async function copyOf(template) {
  const root = makeLab()
  rmSync(root, { recursive: true })
  // Node's own copy rounds times.
  execFileSync('cp', ['-a', template, root])
  await wait(quietMs + 50)
  return root
}

const callsOf = (trace) => (existsSync(trace) ? readFileSync(trace, 'utf8').trim().split('\n') : [])

/** How many calls the run makes when nobody kills it. */
export async function countCalls(template) {
  const root = await copyOf(template)
  const trace = join(root, 'trace')
  await startLabmake(root, [], { trace }).ended
  const calls = callsOf(trace).length
  rmSync(root, { recursive: true })
  return calls
}

/**
 * One run of labmake with these words that is killed at its call `first`, then, where `second` is given, one that is killed at
 * its own call `second`, and then one that is not. Returns what is wrong after it, the calls by name, and how many kills and
 * recipes there were; removes the workspace if all is well.
 */
export async function killAt(template, { words, first, second }) {
  const root = await copyOf(template)
  const points = []
  let kills = 0
  for (const at of second === undefined ? [first] : [first, second]) {
    const trace = join(root, `trace-${points.length}`)
    const labmake = startLabmake(root, words, { killAt: at, trace })
    // An engine stays, where it does not come to that call.
    const timer = setTimeout(() => labmake.child.kill('SIGKILL'), stayMs)
    const { signal } = await labmake.ended
    clearTimeout(timer)
    if (signal === 'SIGKILL') kills++
    points.push(callsOf(trace).at(-1)?.replaceAll(root, '') ?? 'no call')
    rmSync(trace, { force: true })
  }
  rmSync(join(root, 'fail/clean-B3'))
  const { code, said } = await buildInPeace(root)
  const { problems, runs } = judge(root, { expected, refused: ['bad.bin'] })
  if (code !== 0) problems.push(`the last run ended with ${code ?? 'a signal'}`)
  for (const { pid } of processesIn(root)) endProcess(pid)
  if (problems.length > 0) problems.push(`workspace kept: ${root}`, `the last run said:\n${said}`)
  else rmSync(root, { recursive: true })
  return { problems, points, kills, jobs: runs.length }
}

/**
 * A drop that is put back has changed, and is whole only after a while; and a recipe that ran on may have been about to fail:
 * then one more build is needed.
 */
async function buildInPeace(root) {
  for (let builds = 1; ; builds++) {
    const last = startLabmake(root, [])
    const timer = setTimeout(() => last.child.kill('SIGKILL'), patienceMs)
    const end = await last.ended
    clearTimeout(timer)
    const isTaken = readdirSync(join(root, 'inbox')).every((name) => name === 'rejected')
    if (builds === 2 || (end.code === 0 && isTaken)) return end
    await wait(quietMs + 50)
  }
}
