// What watching a workspace costs, and how soon a change is told of: time, memory, files and watches of the system.
//   node --expose-gc test/bench/watch.mjs --batches 10000 [--poll]
// Bundles what it measures from src/ itself; nothing else need be built.
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { openTempFolder } from './tempFolder.mjs'

const { values } = parseArgs({
  options: { batches: { type: 'string', default: '10000' }, poll: { type: 'boolean', default: false } },
})
const batches = Number(values.batches)
const { folder } = openTempFolder('watch')
const root = `${folder}/ws`

async function loadSources() {
  const modules = ['io/watch', 'io/ruleFiles', 'io/disk', 'core/ruleSet', 'core/watched', 'core/scope', 'core/survey']
  const more = ['core/graph', 'core/plan', 'core/history', 'core/batches']
  const outfile = `${folder}/sources.mjs`
  await build({
    stdin: {
      contents: [...modules, ...more].map((name) => `export * from './src/${name}.ts'`).join('\n'),
      resolveDir: process.cwd(),
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    outfile,
    define: { LABMAKE_VERSION: '"bench"' },
    banner: { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' },
  })
  return import(pathToFileURL(outfile).href)
}

function writeWorkspace() {
  for (const place of ['rules', 'inbox', 'data/manifests', 'data/kwd', 'data/phy'])
    mkdirSync(join(root, place), { recursive: true })
  for (let i = 0; i < batches; i++) {
    mkdirSync(`${root}/data/mat/B${i}`, { recursive: true })
    for (const name of 'abc') writeFileSync(`${root}/data/mat/B${i}/${name}.mat`, 'x')
    writeFileSync(`${root}/data/kwd/B${i}.kwd`, 'x')
  }
}

const rulesText = `rules:
  denoise: { sources: 'data/mat/{batch}/', targets: 'data/kwd/{batch}.kwd', recipe: 'r {target}' }
  phy: { sources: 'data/kwd/{batch}.kwd', targets: 'data/phy/{batch}/', recipe: 'r {target}' }
`

const megabytes = () => {
  globalThis.gc?.()
  return process.memoryUsage().rss / 1e6
}
const openFiles = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : Number.NaN)

/** Watches that the system keeps for us; only Linux tells. */
function systemWatches() {
  if (process.platform !== 'linux') return Number.NaN
  const counts = readdirSync('/proc/self/fdinfo').map((fd) => {
    try {
      return (readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').match(/^inotify/gm) ?? []).length
    } catch {
      return 0
    }
  })
  return Math.max(...counts)
}

const shown = (label, value) => console.log(`${label.padEnd(44)} ${value}`)
const ms = (startMs) => `${(performance.now() - startMs).toFixed(1)} ms`

async function until(condition) {
  while (!condition()) await wait(2)
}

async function measureWatching(it, rules) {
  const changes = []
  const before = { mb: megabytes(), files: openFiles() }
  const startMs = performance.now()
  const onTrouble = ({ message, hint }) => console.log(message, hint)
  const watcher = it.watchWorkspace({ root, poll: values.poll, onChange: (change) => changes.push(change), onTrouble })
  await watcher.follow(it.watchedFolders(rules))
  shown(`${batches} recordings watched in`, ms(startMs))
  await watcher.ready
  if (values.poll) {
    await until(() => changes.length > 0)
    shown('the first look of the poll took', ms(startMs))
    const used = process.cpuUsage()
    await wait(30_000)
    const { user, system } = process.cpuUsage(used)
    shown('processor time of polling', `${((user + system) / 300_000).toFixed(1)} % of one`)
  }
  shown('memory, more than before', `${(megabytes() - before.mb).toFixed(0)} MB`)
  shown('open files, more than before', openFiles() - before.files)
  shown('watches of the system', systemWatches())
  const told = async (what, act, isTold) => {
    changes.length = 0
    const actMs = performance.now()
    act()
    await until(() => changes.some(isTold))
    shown(`told of ${what} after`, ms(actMs))
  }
  const names = (name) => (change) =>
    change.kind === 'everything' || (change.kind === 'batches' && change.names.has(name))
  await told('a changed file', () => appendFileSync(`${root}/data/mat/B7/a.mat`, 'x'), names('B7'))
  const add = () => {
    mkdirSync(`${root}/data/mat/New`)
    writeFileSync(`${root}/data/mat/New/a.mat`, 'x')
  }
  await told('a new recording', add, names('New'))
  await told(
    'a drop',
    () => writeFileSync(`${root}/inbox/m.tsv`, 'x'),
    ({ kind }) => kind === 'inbox',
  )
  const all = () => {
    for (let i = 0; i < batches; i++) appendFileSync(`${root}/data/mat/B${i}/a.mat`, 'x')
  }
  await told('a change in every recording', all, names(`B${batches - 1}`))
  const closeMs = performance.now()
  await watcher.close()
  shown('closed in', ms(closeMs))
}

function measurePlans(it, rules) {
  const disk = it.openDisk(root, () => {
    throw new Error('no rule of this gathers')
  })
  const rows = it.joinManifests([], rules, [])
  const plan = (names) => {
    const survey = it.surveyDisk(disk, names)
    const graph = it.buildGraph(rules, names === undefined ? rows : it.scopeBatches(rows, names), survey)
    return it.makePlan({ graph, rules, survey, history: () => it.noHistory, faults: [], nowMs: Date.now() })
  }
  const median = (times, run) => {
    const spent = Array.from({ length: times }, () => {
      const startMs = performance.now()
      run()
      return performance.now() - startMs
    })
    return `${spent.sort((a, b) => a - b)[times >> 1].toFixed(2)} ms`
  }
  const known = plan().jobs.flatMap(({ job }) => job.batch)
  shown(
    'a plan of everything',
    median(3, () => plan()),
  )
  shown(
    'a plan of one batch',
    median(101, () => plan(it.widenScope(new Set(['B7']), known))),
  )
}

const it = await loadSources()
writeWorkspace()
const { rules } = it.joinRuleFiles([it.parseYamlRules('rules/r.yaml', rulesText)], 4)
await measureWatching(it, rules)
measurePlans(it, rules)
