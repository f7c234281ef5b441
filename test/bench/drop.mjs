// How soon an engine starts what a change calls for, with many batches standing; and what the engine costs meanwhile.
//   npm run bench:drop -- --batches 10,1000,10000 --quiet 2s --runs 5
// From the last byte of a drop to the start of its recipe it should be the quiet window and at most one second.
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { residentMegabytes } from './processCost.mjs'
import { changes, idlePercent, secondsToStart, startStandingEngine } from './standingEngine.mjs'
import { median } from './table.mjs'
import { openTempFolder } from './tempFolder.mjs'

const { values } = parseArgs({
  options: {
    batches: { type: 'string', default: '10,1000,10000' },
    quiet: { type: 'string', default: '2s' },
    runs: { type: 'string', default: '5' },
    idle: { type: 'string', default: '30' },
  },
})
const labmake = [fileURLToPath(new URL('../../dist/bin/labmake', import.meta.url))]
const { folder, before } = openTempFolder('drop')

async function benchAt(batches) {
  const root = `${folder}/${batches}`
  const column = new Map()
  const engine = await startStandingEngine({ root, batches, quiet: values.quiet, labmake })
  before(engine.stop)
  const { pid, startSeconds } = engine
  column.set('engine start, until it answers', `${startSeconds.toFixed(2)} s`)
  column.set('its memory', `${residentMegabytes(pid).toFixed(0)} MB`)
  const idle = await idlePercent(pid, Number(values.idle))
  column.set(`its processor time, idle for ${values.idle} s`, `${idle.toFixed(2)} % of one`)
  for (const what of Object.keys(changes)) {
    const runs = what === 'a recipe, of all batches' ? 1 : Number(values.runs)
    const spent = await secondsToStart(engine, what, runs)
    const most = runs === 1 ? '' : `, at most ${Math.max(...spent).toFixed(2)}`
    column.set(what, `${median(spent).toFixed(2)}${most} s`)
  }
  column.set('its memory at the end', `${residentMegabytes(pid).toFixed(0)} MB`)
  engine.stop()
  rmSync(root, { recursive: true, force: true, maxRetries: 10 })
  return column
}

const sizes = values.batches.split(',').map(Number)
const columns = []
for (const size of sizes) columns.push(await benchAt(size))
const labels = [...columns[0].keys()]
const table = [['batches standing', ...sizes.map(String)], ...labels.map((l) => [l, ...columns.map((c) => c.get(l))])]
const widths = table[0].map((_, i) => Math.max(...table.map((row) => row[i].length)))
console.log(
  `\nTo the start of the job; quiet window ${values.quiet}, median of ${values.runs} runs, Node ${process.version}.\n`,
)
for (const row of table)
  console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
