// npm run bench: labmake against GNU make and ninja on the same work, one table. Each tool has a tree of its own, the tools
// take turns, and the median of the runs is shown: on a shared machine only the ratios within one table mean anything.
//   npm run bench -- --batches 1000 --runs 5
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { clean, firstMat, writeTree } from './tree.mjs'

const { values } = parseArgs({
  options: { batches: { type: 'string', default: '1000' }, runs: { type: 'string', default: '5' } },
})
const batches = Number(values.batches)
const runs = Number(values.runs)
const labmake = fileURLToPath(new URL('../../dist/labmake.js', import.meta.url))
const folder = mkdtempSync(`${tmpdir()}/labmake-bench-`)
const emptyScript = `${folder}/empty.mjs`
writeFileSync(emptyScript, '')

const node = process.execPath
const has = (command) => spawnSync(command, ['--version']).status === 0
const tools = [
  { name: 'labmake', command: [node, labmake, '-j2'], there: true },
  {
    name: 'ninja + scan',
    command: ['sh', '-c', 'python3 scan.py && exec ninja -j2'],
    there: has('ninja') && has('python3'),
  },
  { name: 'make', command: ['make', '-j2', '-r'], there: has('make') },
]
for (const { name, there } of tools) if (!there) console.log(`${name} is not installed here, so it is left out`)
const present = tools.filter(({ there }) => there)

function seconds([command, ...args], cwd) {
  const start = process.hrtime.bigint()
  const { status, stderr } = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} in ${cwd} ended with ${status}: ${stderr}`)
  return Number(process.hrtime.bigint() - start) / 1e9
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

/** Runs the competitors in turn, `n` times each after one that does not count. `prepare` is not timed. */
function measure(competitors, n, prepare = () => {}) {
  const times = new Map(competitors.map(({ name }) => [name, []]))
  for (let i = -1; i < n; i++) {
    for (const { name, command, cwd } of competitors) {
      prepare(cwd)
      const time = seconds(command, cwd)
      if (i >= 0) times.get(name).push(time)
    }
  }
  return new Map([...times].map(([name, list]) => [name, median(list)]))
}

const rows = []
function row(title, medians, peers) {
  const own = medians.get('labmake')
  const cells = peers.map((peer) => {
    const time = medians.get(peer)
    return time === undefined ? '–' : `${time.toFixed(3)} s (${(own / time).toFixed(2)} ×)`
  })
  rows.push([title, `${own.toFixed(3)} s`, ...cells])
}

try {
  const peers = ['ninja + scan', 'make']
  const starts = measure(
    [
      { name: 'labmake', command: [node, labmake, '--version'], cwd: folder },
      { name: 'node', command: [node, emptyScript], cwd: folder },
    ],
    runs * 2,
  )
  const competitors = present.map((tool, i) => ({ ...tool, cwd: `${folder}/${i}` }))
  for (const { cwd } of competitors) writeTree(cwd, batches)
  row(`${2 * batches} trivial jobs, -j2`, measure(competitors, 1, clean), peers)
  row(`no-op, ${batches} batches of 4 sources`, measure(competitors, runs), peers)
  const touch = (cwd) => utimesSync(`${cwd}/${firstMat}`, new Date(), new Date())
  row('one source touched', measure(competitors, runs, touch), peers)

  const widths = [0, 1, 2, 3].map((i) => Math.max(...[['', 'labmake', ...peers], ...rows].map((r) => r[i].length)))
  const line = (cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')
  console.log(
    `\nMedians of ${runs} runs, ${availableParallelism()} processors, Node ${process.version}. In brackets: labmake's time over the peer's.\n`,
  )
  console.log(line(['', 'labmake', ...peers]))
  for (const cells of rows) console.log(line(cells))
  const [own, empty] = [starts.get('labmake'), starts.get('node')]
  console.log(
    `\nlabmake --version ${(own * 1000).toFixed(0)} ms, an empty Node script ${(empty * 1000).toFixed(0)} ms: ${(own / empty).toFixed(2)} ×`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
