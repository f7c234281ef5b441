// npm run bench:ui: what `labmake watch` costs, over an engine of 5,000 batches × 2 rules with 5 updates a second. The
// bundled command runs in a terminal of its own (script of util-linux: Linux only), everything it sends is counted.
//   npm run bench:ui -- --batches 5000 --columns 100 --rows 30
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { openTempFolder } from './tempFolder.mjs'

const { values } = parseArgs({
  options: {
    batches: { type: 'string', default: '5000' },
    columns: { type: 'string', default: '100' },
    rows: { type: 'string', default: '30' },
    seconds: { type: 'string', default: '20' },
    keys: { type: 'string', default: '150' },
    starts: { type: 'string', default: '5' },
  },
})
const seconds = Number(values.seconds)
const labmake = fileURLToPath(new URL('../../dist/labmake.js', import.meta.url))
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
const { folder, before } = openTempFolder('ui')
const root = `${folder}/ws`
mkdirSync(`${root}/rules`, { recursive: true })
mkdirSync(`${root}/inbox`)
writeFileSync(`${root}/rules/lab.yaml`, 'pools: { ram: 2 }\n')

async function startEngine() {
  const outfile = `${folder}/uiEngine.mjs`
  await build({
    entryPoints: [fileURLToPath(new URL('uiEngine.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    outfile,
    define: { LABMAKE_VERSION: JSON.stringify(version) },
    banner: { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' },
  })
  const engine = spawn(process.execPath, [outfile, root, values.batches], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve, reject) => {
    engine.stdout.once('data', resolve)
    engine.once('exit', (code) => reject(new Error(`the engine of the bench ended with ${code}`)))
  })
  return engine
}

/** `labmake watch` in a terminal; `sent` is all that it wrote to it. */
function startWatch() {
  const { CI: _, ...env } = process.env
  const size = `stty rows ${values.rows} cols ${values.columns}`
  const command = `${size}; exec ${process.execPath} ${labmake} watch -C ${root}`
  const startMs = performance.now()
  const terminal = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { ...env, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const watch = { startMs, sent: '', bytes: 0, heard: () => {} }
  terminal.stdout.on('data', (chunk) => {
    watch.bytes += chunk.length
    watch.sent = (watch.sent + chunk.toString()).slice(-200_000)
    watch.heard()
  })
  return {
    watch,
    type: (keys) => terminal.stdin.write(keys),
    pid: () => childOf(childOf(terminal.pid) ?? 0) ?? childOf(terminal.pid),
    async leave() {
      const ended = new Promise((resolve) => terminal.once('exit', resolve))
      terminal.stdin.write('q')
      const code = await ended
      if (code !== 0) throw new Error(`labmake watch ended with ${code}:\n${watch.sent.slice(-2000)}`)
    },
  }
}

function childOf(pid) {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? undefined : Number(text.split(' ')[0])
}

/** Seconds of processor time so far. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function memoryMb(pid, field) {
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
}

async function until(isSo, what) {
  for (let n = 0; n < 4000; n++) {
    if (isSo()) return
    await wait(5)
  }
  throw new Error(`never saw ${what}`)
}

const median = (numbers) => percentile(numbers, 0.5)
const percentile = (numbers, p) =>
  numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * p))]
const isPictured = ({ sent }) => sent.includes(`1/${values.batches}`)

/** ms from the start of the command until the batches stand on the screen: of the clock, and of the processor. */
async function firstPicture() {
  const { watch, pid, leave } = startWatch()
  await new Promise((resolve) => {
    watch.heard = () => isPictured(watch) && resolve()
  })
  const ms = performance.now() - watch.startMs
  const cpuMs = cpuSeconds(pid()) * 1000
  await wait(300)
  await leave()
  return { ms, cpuMs }
}

/** ms that Node itself takes to start: on a busy machine everything takes as many times longer. */
function bareNode() {
  const startMs = performance.now()
  spawnSync(process.execPath, ['-e', ''])
  return performance.now() - startMs
}

/** ms from a key until the terminal is sent its answer. */
async function keyAnswer({ watch, type }, key) {
  // Between two frames: else the answer of an update would be taken for that of the key.
  await wait(140 + Math.random() * 120)
  const startMs = performance.now()
  await new Promise((resolve) => {
    watch.heard = resolve
    type(key)
  })
  watch.heard = () => {}
  return performance.now() - startMs
}

/** Bytes and processor time per second. */
async function cost({ watch, pid }, span) {
  const before = { bytes: watch.bytes, cpu: cpuSeconds(pid()), ms: performance.now() }
  await wait(span * 1000)
  const passed = (performance.now() - before.ms) / 1000
  return { bytes: (watch.bytes - before.bytes) / passed, cpu: ((cpuSeconds(pid()) - before.cpu) / passed) * 100 }
}

const engine = await startEngine()
before(() => engine.kill())
const starts = []
const bare = []
for (let n = 0; n < Number(values.starts); n++) {
  bare.push(bareNode())
  starts.push(await firstPicture())
}

const terminal = startWatch()
await until(() => isPictured(terminal.watch), 'the batches')
// Down to the job that runs on, whose log grows.
for (let n = 0; n < 5; n++) await keyAnswer(terminal, 'j')
await wait(3000)
const active = await cost(terminal, seconds)
const keys = []
for (let n = 0; n < Number(values.keys); n++) keys.push(await keyAnswer(terminal, n % 40 < 20 ? 'j' : 'k'))
const memory = memoryMb(terminal.pid(), 'VmRSS')
await wait(32_000)
const resting = await cost(terminal, seconds)
await terminal.leave()

const rows = [
  ['first picture', median(starts.map(({ ms }) => ms)), 350, 'ms'],
  ['first picture: processor', median(starts.map(({ cpuMs }) => cpuMs)), 350, 'ms'],
  ['bytes', active.bytes, 500, 'bytes/s'],
  ['processor', active.cpu, 10, '% of a core'],
  ['key answered, p50', median(keys), 25, 'ms'],
  ['key answered, p95', percentile(keys, 0.95), 25, 'ms'],
  ['memory', memory, 140, 'MB'],
  ['resting: bytes', resting.bytes, 500, 'bytes/s'],
  ['resting: processor', resting.cpu, 10, '% of a core'],
]
console.log(
  `labmake watch, ${values.batches} batches × 2 rules, 5 updates/s, ${values.columns}×${values.rows}, ${availableParallelism()} processors, load ${loadavg()[0].toFixed(1)}, Node itself starts in ${median(bare).toFixed(0)} ms`,
)
for (const [what, value, goal, unit] of rows) {
  const verdict = value <= goal ? 'ok' : 'TOO MUCH'
  console.log(
    `  ${what.padEnd(25)} ${value.toFixed(1).padStart(8)} ${unit.padEnd(12)} goal ≤ ${String(goal).padEnd(5)} ${verdict}`,
  )
}
if (rows.some(([, value, goal]) => value > goal)) process.exitCode = 1
process.exit()
