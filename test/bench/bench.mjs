// npm run bench: labmake against its peers on the same work, in one table with the goals. Each tool has a tree of its own, the
// tools take turns, the figures are medians: on a shared machine only ratios within one run mean anything. It fails on no time.
//   npm run bench                                              a few minutes
//   npm run bench -- --batches 100,1000,10000,50000            a quarter of an hour, and 1.2 million files
//   npm run bench -- --only noop,jobs --runs 9
//   npm run bench -- --save before.json      … later …      npm run bench -- --against before.json
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { installed, peers } from './peers.mjs'
import * as alone from './rowsAlone.mjs'
import * as engines from './rowsEngine.mjs'
import { order } from './rowsOrder.mjs'
import { version } from './standing.mjs'
import { judge, keyOf, tableLines } from './table.mjs'
import { openTempFolder } from './tempFolder.mjs'
import { openTimer } from './timed.mjs'
import { openTrees } from './trees.mjs'

/** In this order. Each measures one thing, and tells of it in one or more lines. */
const rows = {
  start: alone.start,
  noop: alone.noop,
  touched: alone.touched,
  named: alone.named,
  'dry-run': alone.dryRun,
  jobs: alone.jobs,
  engine: engines.engine,
  intake: engines.intake,
  stops: engines.stops,
  order,
}

const { values } = parseArgs({
  options: {
    batches: { type: 'string', default: '100,1000,10000' },
    runs: { type: 'string', default: '5' },
    only: { type: 'string', default: Object.keys(rows).join(',') },
    save: { type: 'string' },
    against: { type: 'string' },
  },
})
const only = values.only.split(',')
const unknown = only.filter((row) => rows[row] === undefined)
if (unknown.length > 0)
  throw new Error(`there is no row ${unknown.join(', ')}; the rows are ${Object.keys(rows).join(', ')}`)
const sizes = values.batches.split(',').map(Number)
const before = values.against === undefined ? undefined : JSON.parse(readFileSync(values.against, 'utf8'))

const versions = installed()
if (!versions.has('python3')) throw new Error('the benchmark is timed by python3, which is not installed here')
for (const { name, needs } of peers)
  if (!versions.has(needs)) console.log(`${name} is not installed here, so it is left out`)

const { folder, before: beforeEnd } = openTempFolder('goals')
const timer = openTimer(folder)
beforeEnd(() => timer.close())

// A copy: whoever builds meanwhile does not change what is measured.
cpSync(fileURLToPath(new URL('../../dist', import.meta.url)), `${folder}/dist`, {
  recursive: true,
  verbatimSymlinks: true,
})
writeFileSync(`${folder}/package.json`, '{ "type": "module" }')
writeFileSync(`${folder}/empty.mjs`, '')

const say = (text) => process.stderr.write(`${text}\n`)
const said = new Set()
const lines = []
const bench = {
  folder,
  sizes,
  largest: Math.max(...sizes),
  /** Rows that stand for many batches are of 10,000, or as near to it as was asked for. */
  standingSize: Math.max(...sizes.filter((size) => size <= Math.max(10_000, Math.min(...sizes)))),
  runs: Number(values.runs),
  versions,
  labmake: [process.execPath, `${folder}/dist/labmake.js`],
  emptyScript: [process.execPath, `${folder}/empty.mjs`],
  time: timer.time,
  trees: openTrees(folder, say),
  before: beforeEnd,
  /** For who waits, once each. */
  say(text) {
    if (!said.has(text)) say(text)
    said.add(text)
  },
  onFault: (name, error) => say(`${name} is left out of this row: ${error.message}`),
}

const startedAt = new Date()
const startLoad = loadavg()[0]

/** Prints what was measured, and saves it. Also of a run that is cut short. */
function tell() {
  const [{ model }] = cpus()
  const machine = `${availableParallelism()} processors (${model.trim()}), Node ${process.version}, ${[...versions].map(([name, version]) => `${name} ${version.replace(/^[A-Za-z ]+/, '')}`).join(', ')}`
  const previous = before && new Map(before.lines.map((line) => [keyOf(line), line]))
  console.log(
    `\n${startedAt.toISOString().slice(0, 16)}, ${machine}, load ${startLoad.toFixed(1)} to ${loadavg()[0].toFixed(1)}`,
  )
  console.log(
    `Medians of ${bench.runs} runs in turns, or of as many as stand in brackets; ratio: labmake's figure over the other one.\n`,
  )
  for (const text of tableLines(lines, bench.runs, previous)) console.log(text)

  if (values.save !== undefined) {
    const of = { labmake: version, node: process.version, ...Object.fromEntries(versions) }
    const processors = { count: availableParallelism(), model: model.trim() }
    const saved = {
      at: startedAt.toISOString(),
      versions: of,
      processors,
      memoryBytes: totalmem(),
      options: values,
      lines,
    }
    writeFileSync(values.save, `${JSON.stringify(saved, undefined, 1)}\n`)
  }
}

beforeEnd(tell)
for (const row of only) {
  say(`${row} …`)
  try {
    await rows[row]({ ...bench, line: (measurement) => lines.push(judge({ row, ...measurement })) })
  } catch (error) {
    say(`${row} was not measured: ${error.stack}`)
  }
}
process.exit()
