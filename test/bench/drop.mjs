// How soon an engine starts what a change calls for, with many batches standing; and what the engine costs meanwhile.
//   npm run bench:drop -- --batches 10,1000,10000 --quiet 2s --runs 5
// From the last byte of a drop to the start of its recipe it should be the quiet window and at most one second.
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cpuSeconds, residentMegabytes } from './processCost.mjs'
import { batchName, mats, writeRecording, writeStanding } from './standing.mjs'

const { values } = parseArgs({
  options: {
    batches: { type: 'string', default: '10,1000,10000' },
    quiet: { type: 'string', default: '2s' },
    runs: { type: 'string', default: '5' },
    idle: { type: 'string', default: '30' },
  },
})
const runs = Number(values.runs)
const idleSeconds = Number(values.idle)
const labmake = fileURLToPath(new URL('../../dist/bin/labmake', import.meta.url))
const patienceMs = 60_000

/** `edition` is a part of kwd's recipe: another one is another recipe. Of `single` there is one job only. */
const rules = ({ edition, singleEdition }) => `quiet: ${values.quiet}
inbox: [{ accept: '{batch}/*.mat', store: 'data/mat/{batch}/' }]
pools: { cpu: 2 }
rules:
  kwd:
    sources: data/mat/{batch}/
    targets: data/kwd/{batch}.kwd
    params: { omit: "" }
    script: |
      echo "$EPOCHREALTIME kwd/$batch" >> started.log
      cp "$source/m0.mat" "$target" # edition ${edition}
  phy:
    sources: data/kwd/{batch}.kwd
    targets: data/phy/{batch}/
    script: |
      mkdir "$target" && cp "$source" "$target/params.py"
  single:
    sources: data/extra/{batch}.txt
    targets: data/single/{batch}.txt
    script: |
      echo "$EPOCHREALTIME single/$batch" >> started.log
      cp "$source" "$target" # edition ${singleEdition}
`

function run(root, ...args) {
  const { status, stdout, stderr } = spawnSync(labmake, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`labmake ${args.join(' ')} ended with ${status}: ${stdout.slice(-500)} ${stderr}`)
  return stdout
}

/** ms since the epoch at which the job started, the first time after `sinceMs`. */
async function started(root, job, sinceMs) {
  for (const endMs = Date.now() + patienceMs; Date.now() < endMs; await wait(20)) {
    const log = existsSync(`${root}/started.log`) ? readFileSync(`${root}/started.log`, 'utf8') : ''
    for (const line of log.split('\n').reverse()) {
      const [seconds, name] = line.split(' ')
      if (name === job && Number(seconds) * 1000 >= sinceMs) return Number(seconds) * 1000
    }
  }
  throw new Error(`${job} never started`)
}

const now = () => performance.timeOrigin + performance.now()
const made = (root, drop) => {
  const folder = `${root}/made/${drop}`
  writeRecording(folder)
  return folder
}

/** What is changed, and which job that should start. Each returns when the last byte of the change was written. */
const changes = {
  'a drop, by mv': async (root, n) => {
    const drop = `mv${n}`
    renameSync(made(root, drop), `${root}/inbox/${drop}`)
    return `kwd/${drop}`
  },
  'a drop, by cp -r': async (root, n) => {
    const drop = `cp${n}`
    cpSync(made(root, drop), `${root}/inbox/${drop}`, { recursive: true })
    return `kwd/${drop}`
  },
  'a drop, a file each second': async (root, n) => {
    const drop = `slow${n}`
    const from = made(root, drop)
    mkdirSync(`${root}/inbox/${drop}`)
    for (const name of mats) {
      if (name !== mats[0]) await wait(1000)
      copyFileSync(`${from}/${name}`, `${root}/inbox/${drop}/${name}`)
    }
    return `kwd/${drop}`
  },
  'a manifest row': async (root, n) => {
    appendFileSync(`${root}/data/manifests/lab.tsv`, `${batchName(n)}\tPort_1\n`)
    return `kwd/${batchName(n)}`
  },
  'a source file': async (root, n) => {
    appendFileSync(`${root}/data/mat/${batchName(n)}/m1.mat`, 'more')
    return `kwd/${batchName(n)}`
  },
  'a recipe, of one job': async (root, n) => {
    writeFileSync(`${root}/rules/bench.yaml`, rules({ edition: 0, singleEdition: n + 1 }))
    return `single/${batchName(0)}`
  },
  'a recipe, of all batches': async (root, n) => {
    writeFileSync(`${root}/rules/bench.yaml`, rules({ edition: n + 1, singleEdition: runs }))
    return undefined
  },
}

/** seconds from the last byte to the start of the job, one for each run. */
async function measure(root, what, times) {
  const spent = []
  for (let n = 0; n < times; n++) {
    const beforeMs = now()
    const job = await changes[what](root, n)
    const changedMs = now()
    const startMs = job === undefined ? await firstStart(root, beforeMs) : await started(root, job, beforeMs)
    spent.push((startMs - changedMs) / 1000)
    // The jobs behind it have ended by then, and what they changed is planned.
    await wait(1500)
  }
  return spent.toSorted((a, b) => a - b)
}

async function firstStart(root, sinceMs) {
  for (const endMs = Date.now() + patienceMs; Date.now() < endMs; await wait(20)) {
    const lines = readFileSync(`${root}/started.log`, 'utf8').split('\n')
    const times = lines.map((line) => Number.parseFloat(line) * 1000).filter((ms) => ms >= sinceMs)
    if (times.length > 0) return times[0]
  }
  throw new Error('no job started')
}

async function benchAt(batches) {
  const root = mkdtempSync(`${tmpdir()}/labmake-bench-drop-`)
  const column = new Map()
  try {
    await writeStanding(root, batches, rules({ edition: 0, singleEdition: 0 }))
    for (const sub of ['extra', 'single']) mkdirSync(`${root}/data/${sub}`)
    writeFileSync(`${root}/data/extra/${batchName(0)}.txt`, 'extra')
    writeFileSync(`${root}/data/manifests/lab.tsv`, 'batch\tomit\n')
    const startMs = now()
    run(root, 'engine', 'start')
    column.set('engine start, until it answers', `${((now() - startMs) / 1000).toFixed(2)} s`)
    const { pid } = JSON.parse(readFileSync(`${root}/.labmake/engine.json`, 'utf8')).process
    await wait(3000)
    column.set('its memory', `${residentMegabytes(pid).toFixed(0)} MB`)
    const before = cpuSeconds(pid)
    await wait(idleSeconds * 1000)
    const idle = (cpuSeconds(pid) - before) / idleSeconds
    column.set(`its processor time, idle for ${idleSeconds} s`, `${(idle * 100).toFixed(2)} % of one`)
    for (const what of Object.keys(changes)) {
      const times = what === 'a recipe, of all batches' ? 1 : runs
      const spent = await measure(root, what, times)
      const [median, most] = [spent[spent.length >> 1], spent.at(-1)]
      column.set(what, times === 1 ? `${median.toFixed(2)} s` : `${median.toFixed(2)}, at most ${most.toFixed(2)} s`)
    }
    column.set('its memory at the end', `${residentMegabytes(pid).toFixed(0)} MB`)
    return column
  } finally {
    spawnSync(labmake, ['engine', 'stop', '--end-jobs'], { cwd: root })
    while (existsSync(`${root}/.labmake/engine.lock`)) await wait(50)
    rmSync(root, { recursive: true, force: true, maxRetries: 10 })
  }
}

const sizes = values.batches.split(',').map(Number)
const columns = []
for (const size of sizes) columns.push(await benchAt(size))
const labels = [...columns[0].keys()]
const table = [['batches standing', ...sizes.map(String)], ...labels.map((l) => [l, ...columns.map((c) => c.get(l))])]
const widths = table[0].map((_, i) => Math.max(...table.map((row) => row[i].length)))
console.log(
  `\nTo the start of the job; quiet window ${values.quiet}, median of ${runs} runs, Node ${process.version}.\n`,
)
for (const row of table)
  console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
