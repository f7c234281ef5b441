// npm run bench:order: how soon queues of many shapes end, and how early results come, by the order in which jobs start.
// Generated queues are played through labmake's own order and queue (no recipe runs, no clock): the order is found anew whenever
// a job ends or a batch arrives, by durations that are known only so well. Beside it a lower bound, the best order that a
// search with the true durations found, the longest path first (what ninja aims at), and the order of arrival.
//   npm run bench:order -- --batches 30 --seeds 3 --search 4000 --shapes 'two steps,three steps'
//   npm run bench:order -- --real     labmake, ninja and snakemake over recipes that sleep: minutes
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bestFound, byArrival, byLabmake, byLongestPath, run } from './orderPlay.mjs'
import { lowerBound, shapes, withNoise, writeQueue } from './orderQueues.mjs'
import { measureReal } from './orderReal.mjs'
import { openTempFolder } from './tempFolder.mjs'

const { values } = parseArgs({
  options: {
    batches: { type: 'string', default: '30' },
    seeds: { type: 'string', default: '3' },
    search: { type: 'string', default: '4000' },
    shapes: { type: 'string', default: Object.keys(shapes).join(',') },
    real: { type: 'boolean', default: false },
  },
})
const batches = Number(values.batches)
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1)

const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length
const columns = [
  'best found',
  'labmake',
  '± 30 %',
  '± 60 %',
  'longest path',
  'arrival',
  'labmake',
  '± 30 %',
  'longest path',
  'arrival',
]

function measure(shape, sigma) {
  const runs = (sigma === 0 ? [1] : seeds).map((seed) => {
    const queue = writeQueue(shapes[shape], { batches, sigma, seed })
    const bound = lowerBound(queue)
    const known = run(queue, byLabmake(queue))
    const noisy = [0.3, 0.6].map((noise) => {
      const ends = [1, 2, 3].map((draw) => {
        const unsure = withNoise(queue, noise, 10 * seed + draw)
        return run(unsure, byLabmake(unsure))
      })
      return { end: mean(ends.map(({ end }) => end)), mean: mean(ends.map((each) => each.mean)) }
    })
    const longest = run(queue, byLongestPath(queue))
    const arrival = run(queue, byArrival)
    const all = [known, ...noisy, longest, arrival]
    const best = Math.min(bestFound(queue, Number(values.search), bound), ...all.map(({ end }) => end))
    const ends = all.map(({ end }) => end / best)
    return [best / bound, ...ends, ...[known, noisy[0], longest, arrival].map((each) => each.mean / bound)]
  })
  return columns.map((_, i) => mean(runs.map((row) => row[i])))
}

function show() {
  const titles = columns.map((title) => title.padStart(13)).join('')
  console.log(`${batches} batches, mean of ${seeds.length} seeds where durations vary (lognormal, σ 1).\n`)
  console.log(
    `${' '.repeat(36)}${'÷ bound'.padStart(13)}${'end ÷ best found'.padStart(65)}${'mean time ÷ bound'.padStart(52)}`,
  )
  console.log(`${' '.repeat(36)}${titles}`)
  const rows = []
  for (const shape of values.shapes.split(',')) {
    for (const sigma of [0, 1]) {
      const row = measure(shape, sigma)
      if (sigma > 0) rows.push(row)
      const cells = row.map((cell) => cell.toFixed(3).padStart(13)).join('')
      console.log(`${`${shape}, ${sigma === 0 ? 'constant' : 'lognormal'}`.padEnd(36)}${cells}`)
    }
  }
  const cells = columns
    .map((_, i) =>
      mean(rows.map((row) => row[i]))
        .toFixed(3)
        .padStart(13),
    )
    .join('')
  console.log(`${'all lognormal'.padEnd(36)}${cells}`)
}

async function showReal() {
  const labmake = [process.execPath, fileURLToPath(new URL('../../dist/labmake.js', import.meta.url))]
  const tools = ['ninja', 'snakemake'].filter((tool) => spawnSync(tool, ['--version']).status === 0)
  const { folder } = openTempFolder('order')
  const titles = [
    '÷ bound',
    '÷ best found',
    'played ÷ best',
    'unknown ÷ bound',
    ...tools.map((tool) => `${tool} ÷ bound`),
  ]
  console.log(`${batches} batches, recipes that sleep, -j8; durations learnt from a first run, ± 30 %.\n`)
  console.log(`${' '.repeat(16)}${titles.map((text) => text.padStart(19)).join('')}`)
  for (const seed of [0, ...seeds]) {
    const real = await measureReal({ folder, batches, seed, labmake, tools })
    for (const { tool, message } of real.faults) console.error(`${tool} is left out: ${message}`)
    const { bound } = real
    const best = bestFound(real.queue, Number(values.search), bound)
    const played = run(real.queue, byLabmake(real.queue)).end
    const peers = tools.map((tool) => real.peers.get(tool) / bound)
    const cells = [real.learnt / bound, real.learnt / best, played / best, real.unlearnt / real.firstBound, ...peers]
    console.log(`${real.name.padEnd(16)}${cells.map((cell) => cell.toFixed(3).padStart(19)).join('')}`)
  }
}

if (values.real) await showReal()
else show()
