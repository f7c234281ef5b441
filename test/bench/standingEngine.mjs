// An engine over a workspace in which everything is made, and how soon it starts what a change calls for.
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { cpuSeconds } from './processCost.mjs'
import { batchName, mats, writeRecording, writeStanding } from './standing.mjs'

const patienceMs = 60_000
/** The engine is ended with what it runs; longer than this no job of a benchmark takes to end. */
const endingMs = 20_000

/** Recipes that note when they start. `edition` is a part of kwd's: another one is another recipe. Of `single` there is one job only. */
const rules = ({ quiet, edition, singleEdition }) => `quiet: ${quiet}
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

/** ms since the epoch, finer than Date.now(). */
const now = () => performance.timeOrigin + performance.now()

/**
 * Writes the workspace, and starts an engine in it. `labmake` is a command as a list of words. The caller must `stop()` it: that
 * stands still until the engine is gone, since it may be asked for while this process ends.
 */
export async function startStandingEngine({ root, batches, quiet, labmake }) {
  await writeStanding(root, batches, rules({ quiet, edition: 0, singleEdition: 0 }))
  for (const sub of ['extra', 'single']) mkdirSync(`${root}/data/${sub}`)
  writeFileSync(`${root}/data/extra/${batchName(0)}.txt`, 'extra')
  writeFileSync(`${root}/data/manifests/lab.tsv`, 'batch\tomit\n')
  function run(...args) {
    const [command, ...more] = [...labmake, ...args]
    const { status, stdout, stderr } = spawnSync(command, more, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
    if (status !== 0) throw new Error(`labmake ${args.join(' ')} ended with ${status}: ${stdout.slice(-500)} ${stderr}`)
  }
  const startMs = now()
  run('engine', 'start')
  const startSeconds = (now() - startMs) / 1000
  const { pid } = JSON.parse(readFileSync(`${root}/.labmake/engine.json`, 'utf8')).process
  // It says so once everything was planned; and then what it does once when it has started.
  run()
  await wait(3000)
  return {
    root,
    pid,
    startSeconds,
    run,
    writeRules: (editions) => writeFileSync(`${root}/rules/bench.yaml`, rules({ quiet, ...editions })),
    stop() {
      if (!existsSync(`${root}/.labmake/engine.lock`)) return
      run('engine', 'stop', '--end-jobs')
      const clock = new Int32Array(new SharedArrayBuffer(4))
      for (let ms = 0; ms < endingMs && existsSync(`${root}/.labmake/engine.lock`); ms += 50)
        Atomics.wait(clock, 0, 0, 50)
    },
  }
}

/** Processor time, % of one, that a process has used while nothing was asked of it. */
export async function idlePercent(pid, seconds) {
  const before = cpuSeconds(pid)
  await wait(seconds * 1000)
  return ((cpuSeconds(pid) - before) / seconds) * 100
}

function made({ root }, drop) {
  const folder = `${root}/made/${drop}`
  writeRecording(folder)
  return folder
}

/** What is changed, and which job that should start; undefined is any. Each ends when the last byte of the change was written. */
export const changes = {
  'a drop, by mv': async (engine, n) => {
    const drop = `mv${n}`
    renameSync(made(engine, drop), `${engine.root}/inbox/${drop}`)
    return `kwd/${drop}`
  },
  'a drop, by cp -r': async (engine, n) => {
    const drop = `cp${n}`
    cpSync(made(engine, drop), `${engine.root}/inbox/${drop}`, { recursive: true })
    return `kwd/${drop}`
  },
  'a drop, a file each second': async (engine, n) => {
    const drop = `slow${n}`
    const from = made(engine, drop)
    mkdirSync(`${engine.root}/inbox/${drop}`)
    for (const name of mats) {
      if (name !== mats[0]) await wait(1000)
      copyFileSync(`${from}/${name}`, `${engine.root}/inbox/${drop}/${name}`)
    }
    return `kwd/${drop}`
  },
  'a manifest row': async ({ root }, n) => {
    appendFileSync(`${root}/data/manifests/lab.tsv`, `${batchName(n)}\tPort_1\n`)
    return `kwd/${batchName(n)}`
  },
  'a source file': async ({ root }, n) => {
    appendFileSync(`${root}/data/mat/${batchName(n)}/m1.mat`, 'more')
    return `kwd/${batchName(n)}`
  },
  'a recipe, of one job': async ({ writeRules }, n) => {
    writeRules({ edition: 0, singleEdition: n + 1 })
    return `single/${batchName(0)}`
  },
  'a recipe, of all batches': async ({ writeRules }, n) => {
    writeRules({ edition: n + 1, singleEdition: 0 })
    return undefined
  },
}

/** Seconds from the last byte of a change to the start of its job, by the clock of the recipe itself; one for each run. */
export async function secondsToStart(engine, what, runs) {
  const spent = []
  for (let n = 0; n < runs; n++) {
    const beforeMs = now()
    const job = await changes[what](engine, n)
    const changedMs = now()
    spent.push(((await started(engine, job, beforeMs)) - changedMs) / 1000)
    // The jobs behind it have ended by then, and what they changed is planned.
    await wait(1500)
  }
  return spent
}

/** ms since the epoch at which that job, or any, started for the first time after `sinceMs`. */
async function started({ root }, job, sinceMs) {
  for (const endMs = Date.now() + patienceMs; Date.now() < endMs; await wait(20)) {
    const log = existsSync(`${root}/started.log`) ? readFileSync(`${root}/started.log`, 'utf8') : ''
    for (const line of log.split('\n')) {
      const [seconds, name] = line.split(' ')
      if ((job === undefined || name === job) && Number(seconds) * 1000 >= sinceMs) return Number(seconds) * 1000
    }
  }
  throw new Error(`${job ?? 'no job'} never started`)
}
