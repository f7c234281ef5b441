// For how long an engine's event loop stands still: nobody who talks to it is heard meanwhile, and no job starts.
//   npm run bench:stops -- --batches 10000 --seconds 15 [--json]
// The engine of labmake engine run, as it is, in this process, with a clock of perf_hooks beside it (monitorEventLoopDelay).
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { writeStanding } from './standing.mjs'
import { openTempFolder } from './tempFolder.mjs'

const { values } = parseArgs({
  options: {
    batches: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
  },
})
const batches = Number(values.batches)
/** ms between two looks at the clock: what a stop is longer by at the most. */
const resolutionMs = 2

/** `edition` is a part of every recipe: with another one all is stale. */
const rules = (edition) => `pools: { cpu: 2 }
rules:
  kwd:
    sources: data/mat/{batch}/
    targets: data/kwd/{batch}.kwd
    params: { omit: "" }
    recipe: cp data/mat/{batch}/m${edition}.mat {target}
  phy:
    sources: data/kwd/{batch}.kwd
    targets: data/phy/{batch}/
    script: |
      mkdir "$target" && cp "$source" "$target/params.py"
`

async function loadSources(folder) {
  const outdir = `${folder}/bundle`
  await build({
    stdin: {
      contents: ['cli/host', 'cli/workspace', 'cli/join', 'io/memory']
        .map((name) => `export * from './src/${name}.ts'`)
        .join('\n'),
      resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
    },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    outdir,
    define: { LABMAKE_VERSION: '"bench"' },
    banner: { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' },
  })
  return import(pathToFileURL(`${outdir}/stdin.js`).href)
}

const { folder } = openTempFolder('stops')
const root = `${folder}/ws`
const clock = monitorEventLoopDelay({ resolution: resolutionMs })
const stopMs = (ns) => Math.max(0, ns / 1e6 - resolutionMs)
const shown = (ns) => `${stopMs(ns).toFixed(0).padStart(5)} ms`
const say = (text) => {
  if (!values.json) console.log(text)
}
const stops = []

/** Prints the stops since the last call. */
function report(what) {
  stops.push({ what, longestMs: stopMs(clock.max) })
  say(`${what.padEnd(58)} longest ${shown(clock.max)}, 99.9 % ${shown(clock.percentile(99.9))}`)
  clock.reset()
}

await writeStanding(root, batches, rules(0))
const it = await loadSources(folder)
it.saveMemory()
say(`\n${batches} batches, two jobs each, Node ${process.version}\n`)
let begun = deferred()
let done = 0
clock.enable()
// It counts from its second look at the time.
await wait(10 * resolutionMs)
const workspace = await it.openWorkspace(root)
await wait(10 * resolutionMs)
report('rules and journal are read, before anybody can ask')
let engine
const ended = it.hostEngine(workspace, {
  mode: 'watch',
  choose: (plan) => new Set(plan.jobs.map(({ job }) => job.id)),
  maxJobs: undefined,
  failFast: false,
  poll: false,
  onEvent(event) {
    if (event.type === 'started') begun.resolve()
    if (event.type === 'done') done++
  },
  before: async () => {},
  onStart: (host) => {
    engine = host.engine
  },
})
while (engine === undefined) await wait(1)
await engine.act({ type: 'build', jobs: [] }, 'bench')
report('it is started, and everything is planned: all up to date')
engine.changed('all')
await engine.act({ type: 'build', jobs: [] }, 'bench')
report('everything is planned once more')
begun = deferred()
const startMs = performance.now()
writeFileSync(`${root}/rules/bench.yaml`, rules(1))
await begun.promise
say(
  `  the first of ${2 * batches} stale jobs starts ${(performance.now() - startMs).toFixed(0)} ms after its recipe changed`,
)
report('until then')
await engine.act({ type: 'build', jobs: [batchName()] }, 'bench')
report('until everything is planned, and jobs start')
const client = await it.joinEngine(root)
const before = done
const busyMs = performance.now()
const cut = new AbortController()
client.follow({ onSnapshot() {}, onEvents() {}, onGone() {} }, cut.signal)
await wait(2000)
report('a client comes (its own reading of the board counts, too)')
cut.abort()
await wait(Number(values.seconds) * 1000)
report(`jobs start and end, ${((done - before) / ((performance.now() - busyMs) / 1000)).toFixed(0)} a second`)
engine.stop({ now: true })
await ended
report('it ends')
if (values.json) console.log(JSON.stringify(stops))

function batchName() {
  return 'b000000'
}

function deferred() {
  let resolve
  const promise = new Promise((done) => {
    resolve = done
  })
  return { promise, resolve }
}
