// Rows of the benchmark in which labmake runs alone, with no engine beside it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { peers, recipesByHand, sourceOf } from './peers.mjs'
import { batchName, writeRecording } from './standing.mjs'
import { median } from './table.mjs'
import { inTurns } from './timed.mjs'
import { asideMade, removeMade } from './trees.mjs'

const counted = (n) => n.toLocaleString('en')
const secondsOf = (costs) => costs?.map(({ seconds }) => seconds)
const processorOf = (costs) => costs?.map(({ processor }) => processor)
const megabytesOf = (costs) => costs?.map(({ megabytes }) => megabytes)
const empty = 'node, an empty script'

/** Peers that are installed, bear so many batches and can be asked this, with their trees; of others it is said. */
async function competitorsAt(bench, batches, asked) {
  const found = []
  for (const peer of peers) {
    if (peer.says[asked] === undefined || !bench.versions.has(peer.needs)) continue
    if (batches > (peer.most ?? Number.POSITIVE_INFINITY)) {
      bench.say(`${peer.name} is left out at ${counted(batches)} batches: it would take minutes`)
      continue
    }
    try {
      found.push({ ...peer, cwd: await bench.trees.standing(peer.tree, batches) })
    } catch (error) {
      bench.onFault(peer.name, error)
    }
  }
  return found
}

/** `labmake --version` against a script with nothing in it. */
export async function start(bench) {
  const competitors = [
    { name: 'labmake', commands: [[...bench.labmake, '--version']], cwd: bench.folder, says: /^\d+\.\d+/ },
    { name: empty, commands: [bench.emptyScript], cwd: bench.folder, says: /^$/ },
  ]
  const costs = await inTurns(bench.time, competitors, { ...bench, runs: bench.runs * 3 })
  bench.line({
    what: 'labmake --version',
    unit: 's',
    own: secondsOf(costs.get('labmake')),
    against: { name: empty, figures: secondsOf(costs.get(empty)) },
    goal: { of: 'ratio', most: 1.5 },
  })
}

/** What a no-op may cost, as a multiple of the peer's time, by batches. */
const noopGoals = {
  [empty]: { 100: 2 },
  'ninja + scan': { 1000: 2, 10000: 1, 50000: 0.8 },
  ninja: { 10000: 2 },
  'make -r': { 10000: 1 },
  'make with pattern rules': { 10000: 1 / 25 },
  doit: { 10000: 1 / 5 },
  snakemake: { 1000: 1 / 12 },
}

const ratioGoal = (most) => (most === undefined ? undefined : { of: 'ratio', most })

/** Nothing to do: time, and memory at most; and how both grow with the number of batches. */
export async function noop(bench) {
  const own = new Map()
  for (const batches of bench.sizes) {
    const cwd = await bench.trees.standing('labmake', batches)
    const says = nothingToDo(batches)
    const competitors = [
      { name: 'labmake', commands: [bench.labmake], cwd, says },
      { name: empty, commands: [bench.emptyScript], cwd: bench.folder, says: /^$/ },
    ]
    for (const peer of await competitorsAt(bench, batches, 'noop'))
      competitors.push({ ...peer, commands: peer.noop, says: peer.says.noop })
    const costs = await inTurns(bench.time, competitors, bench)
    const labmake = costs.get('labmake')
    own.set(batches, labmake)
    const what = `nothing to do, ${counted(batches)} batches`
    for (const { name } of competitors.slice(batches > 1000 ? 2 : 1)) {
      const against = { name, figures: secondsOf(costs.get(name)) }
      bench.line({ what, unit: 's', own: secondsOf(labmake), against, goal: ratioGoal(noopGoals[name][batches]) })
    }
    const scan = costs.get('ninja + scan')
    bench.line({
      what: '   its processor time',
      unit: 's',
      own: processorOf(labmake),
      against: { name: 'ninja + scan', figures: processorOf(scan) },
    })
    bench.line({
      what: '   its memory at most',
      unit: 'MB',
      own: megabytesOf(labmake),
      against: { name: 'ninja + scan', figures: megabytesOf(scan) },
      goal: batches === 50_000 ? { of: 'own', most: 250 } : undefined,
    })
  }
  const [some, many] = [own.get(10_000), own.get(50_000)]
  if (some === undefined || many === undefined) return
  bench.line({
    what: 'nothing to do, 50,000 batches',
    unit: 's',
    own: secondsOf(many),
    against: { name: 'labmake, 10,000', figures: secondsOf(some) },
    goal: { of: 'ratio', most: 5.5 },
  })
}

const nothingToDo = (batches) => new RegExp(`^Nothing to do: ${2 * batches} up to date\\.`)

/** One source changed: two jobs. Against nothing changed in the same tree, and the same recipes with nothing around them. */
export async function touched(bench) {
  const batches = bench.standingSize
  const cwd = await bench.trees.standing('labmake', batches)
  const hand = `${bench.folder}/hand`
  writeRecording(`${hand}/data/mat/${batchName(0)}`)
  mkdirSync(`${hand}/data/kwd`, { recursive: true })
  const competitors = [
    { name: 'labmake', commands: [bench.labmake], cwd, says: /Made 2 of 2 jobs/ },
    { name: 'no-op', commands: [bench.labmake], cwd, says: nothingToDo(batches) },
    { name: 'recipes', commands: recipesByHand(batchName(0)), cwd: hand, says: /^$/ },
  ]
  for (const peer of await competitorsAt(bench, batches, 'touched'))
    competitors.push({ ...peer, commands: peer.noop, says: peer.says.touched })
  let edition = 0
  const prepare = (root, name) => {
    if (name === 'no-op' || name === 'recipes') return
    // Other content of the same size: doit would see through another time.
    writeFileSync(`${root}/${sourceOf(batchName(0))}`, String(1000 + (++edition % 9000)))
  }
  const costs = await inTurns(bench.time, competitors, { ...bench, prepare })
  const what = `one source changed, ${counted(batches)} batches`
  const own = secondsOf(costs.get('labmake'))
  const recipes = median(secondsOf(costs.get('recipes')))
  const figures = secondsOf(costs.get('no-op'))?.map((seconds) => seconds + recipes)
  const goal = batches === 10_000 ? { of: 'ratio', most: 1.1 } : undefined
  bench.line({ what, unit: 's', own, against: { name: 'its no-op + the recipes', figures }, goal })
  for (const { name } of competitors.slice(3))
    bench.line({ what, unit: 's', own, against: { name, figures: secondsOf(costs.get(name)) } })
}

/** What one recording among many costs to ask about: no peer tells why. */
export async function named(bench) {
  const batches = bench.standingSize
  const cwd = await bench.trees.standing('labmake', batches)
  const batch = batchName(0)
  const questions = [
    { name: 'labmake BATCH', words: [batch], says: /^Nothing to do: 2 up to date\./ },
    { name: 'labmake -n BATCH', words: ['-n', batch], says: /^Nothing to do: 2 up to date\./ },
    { name: 'labmake why BATCH', words: ['why', batch], says: /^kwd\/\S+ is up to date/ },
    { name: 'labmake status BATCH', words: ['status', batch], says: /2 up to date/ },
  ]
  const competitors = [
    ...questions.map(({ name, words, says }) => ({ name, commands: [[...bench.labmake, ...words]], cwd, says })),
    { name: empty, commands: [bench.emptyScript], cwd: bench.folder, says: /^$/ },
  ]
  const costs = await inTurns(bench.time, competitors, bench)
  for (const { name } of questions) {
    bench.line({
      what: `${name}, up to date, ${counted(batches)} batches`,
      unit: 's',
      own: secondsOf(costs.get(name)),
      against: { name: empty, figures: secondsOf(costs.get(empty)) },
    })
  }
}

/** Only sources are there: what would be made, and why. */
export async function dryRun(bench) {
  const batches = bench.standingSize
  const cwd = await bench.trees.standing('labmake', batches)
  const jobs = 2 * batches
  const competitors = [
    { name: 'labmake', commands: [[...bench.labmake, '-n']], cwd, says: new RegExp(`^${jobs} jobs would run`, 'm') },
  ]
  for (const peer of await competitorsAt(bench, batches, 'dryRun'))
    competitors.push({ ...peer, commands: peer.dryRun, says: peer.says.dryRun(jobs) })
  const back = competitors.map((competitor) => asideMade(competitor.cwd))
  const costs = await inTurns(bench.time, competitors, bench).finally(() => {
    for (const putBack of back) putBack()
  })
  for (const { name } of competitors.slice(1)) {
    bench.line({
      what: `labmake -n, nothing made, ${counted(batches)} batches`,
      unit: 's',
      own: secondsOf(costs.get('labmake')),
      against: { name, figures: secondsOf(costs.get(name)) },
      goal: name === 'ninja' && batches === 10_000 ? { of: 'ratio', most: 3 } : undefined,
    })
  }
}

/** Everything is made: 2,000 jobs that copy a file. */
export async function jobs(bench) {
  const batches = Math.min(1000, bench.largest)
  const count = 2 * batches
  const trees = [{ name: 'labmake', cwd: await bench.trees.standing('labmake', batches) }]
  if (bench.versions.has('ninja')) trees.push({ name: 'ninja', cwd: await bench.trees.standing('ninja', batches) })
  const back = trees.map(({ cwd }) => asideMade(cwd))
  try {
    for (const limit of [2, 8]) await jobsAt(bench, trees, count, limit)
  } finally {
    for (const putBack of back) putBack()
  }
}

async function jobsAt(bench, trees, count, limit) {
  const ninja = peers.find(({ name }) => name === 'ninja')
  const competitors = trees.map((tree) => ({
    ...tree,
    commands: tree.name === 'ninja' ? ninja.jobs(limit) : [[...bench.labmake, `-j${limit}`]],
    says: tree.name === 'ninja' ? ninja.says.dryRun(count) : new RegExp(`Made ${count} of ${count} jobs`),
  }))
  const costs = await inTurns(bench.time, competitors, { ...bench, prepare: removeMade })
  const perSecond = (name) => secondsOf(costs.get(name))?.map((seconds) => count / seconds)
  bench.line({
    what: `${counted(count)} jobs of cp, -j${limit}`,
    unit: 'jobs/s',
    own: perSecond('labmake'),
    against: { name: 'ninja', figures: perSecond('ninja') },
    goal: count === 2000 ? { of: 'ratio', least: 0.9 } : undefined,
  })
  bench.line({
    what: '   processor time, jobs and all',
    unit: 's',
    own: processorOf(costs.get('labmake')),
    against: { name: 'ninja', figures: processorOf(costs.get('ninja')) },
  })
}
