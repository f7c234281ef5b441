// Rows of the benchmark in which an engine runs over a workspace that stands.
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { followBoard } from './followBoard.mjs'
import { residentMegabytes } from './processCost.mjs'
import { batchName, writeRecording } from './standing.mjs'
import { idlePercent, secondsToStart, startStandingEngine } from './standingEngine.mjs'
import { inTurns } from './timed.mjs'

const counted = (n) => n.toLocaleString('en')
const idleSeconds = 20
const quietSeconds = 2

async function withEngine(bench, name, batches, use) {
  bench.say(`writing ${counted(batches)} batches for an engine …`)
  const root = `${bench.folder}/${name}-${batches}`
  const engine = await startStandingEngine({ root, batches, quiet: `${quietSeconds}s`, labmake: bench.labmake })
  bench.before(engine.stop)
  try {
    await use(engine)
  } finally {
    engine.stop()
    rmSync(root, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** What an engine costs at rest, and how soon it answers and starts what a change calls for. */
export async function engine(bench) {
  const sizes = new Set([bench.standingSize, ...bench.sizes.filter((size) => size > 10_000)])
  for (const batches of sizes)
    await withEngine(bench, 'engine', batches, (engine) => measureEngine(bench, engine, batches))
}

async function measureEngine(bench, engine, batches) {
  const head = `an engine over ${counted(batches)} batches:`
  const { pid } = engine
  bench.line({ what: `${head} until it answers`, unit: 's', own: [engine.startSeconds] })
  const memoryGoal = batches <= 10_000 ? { of: 'own', most: 200 } : undefined
  const memory = (what) => bench.line({ what, unit: 'MB', own: [residentMegabytes(pid)], goal: memoryGoal })
  memory('   its memory')
  const idle = await idlePercent(pid, idleSeconds)
  bench.line({ what: `   idle for ${idleSeconds} s`, unit: '% of a core', own: [idle], goal: { of: 'own', most: 1 } })

  const empty = 'node, an empty script'
  const competitors = [
    { name: 'labmake', commands: [bench.labmake], cwd: engine.root, says: /up to date|Nothing to do/ },
    { name: empty, commands: [bench.emptyScript], cwd: bench.folder, says: /^$/ },
  ]
  const costs = await inTurns(bench.time, competitors, { ...bench, runs: bench.runs * 3 })
  const secondsOf = (name) => costs.get(name)?.map(({ seconds }) => seconds)
  bench.line({
    what: '   nothing to do',
    unit: 's',
    own: secondsOf('labmake'),
    against: { name: empty, figures: secondsOf(empty) },
    goal: { of: 'ratio', most: 1.5 },
  })
  const source = await secondsToStart(engine, 'a source file', bench.runs)
  bench.line({
    what: '   a changed source: its job starts',
    unit: 's',
    own: source,
    goal: { of: 'own', most: batches > 10_000 ? 0.03 : 0.015 },
  })
  const row = await secondsToStart(engine, 'a manifest row', bench.runs)
  bench.line({ what: '   a row in a manifest: its job starts', unit: 's', own: row, goal: { of: 'own', most: 0.2 } })
  const drop = await secondsToStart(engine, 'a drop, by mv', bench.runs)
  bench.line({
    what: `   a drop: its job starts, ${quietSeconds} s of quiet and then`,
    unit: 's',
    own: drop.map((seconds) => seconds - quietSeconds),
  })
  memory('   its memory after that')
}

/** Drops by the hundred, and manifests of all batches, until all they call for is planned and queued. */
export async function intake(bench) {
  const batches = bench.standingSize
  await withEngine(bench, 'intake', batches, async (engine) => {
    // Nothing starts: what is measured is the intake, and on a machine of a lab the jobs before would take hours.
    engine.run('pool', 'cpu', '--pause')
    const board = await followBoard(engine.root)
    try {
      await measureFolders(bench, engine, board)
      await measureManifests(bench, engine, board, batches)
    } finally {
      board.close()
    }
  })
}

const folders = 300

async function measureFolders(bench, { root }, board) {
  const figures = []
  for (let n = 0; n < bench.runs; n++) {
    const names = Array.from({ length: folders }, (_, i) => `drop${n}-${i}`)
    for (const name of names) writeRecording(`${root}/made/${name}`)
    for (const name of names) renameSync(`${root}/made/${name}`, `${root}/inbox/${name}`)
    const settledMs = Date.now() + quietSeconds * 1000
    const queuedMs = await board.until((job) => names.every((name) => job(`kwd/${name}`) === 'queued'))
    figures.push((queuedMs - settledMs) / 1000)
  }
  const goal = { of: 'own', most: 2 }
  bench.line({ what: `${folders} dropped folders: settled, until all are queued`, unit: 's', own: figures, goal })
}

/** A new version of the manifest each time, with another value in each row: all jobs of the rule become stale, or again up to date. */
async function measureManifests(bench, { root }, board, batches) {
  const figures = []
  for (let n = 0; n < bench.runs; n++) {
    const isStale = n % 2 === 0
    const rows = Array.from({ length: batches }, (_, i) => `${batchName(i)}\t${isStale ? `Port_${n}` : ''}\n`)
    writeFileSync(`${root}/made/lab.tsv`, `batch\tomit\n${rows.join('')}`)
    renameSync(`${root}/made/lab.tsv`, `${root}/inbox/lab.tsv`)
    const settledMs = Date.now() + quietSeconds * 1000
    const state = isStale ? 'queued' : 'done'
    const queuedMs = await board.until((job) => {
      for (let i = batches - 1; i >= 0; i--) if (job(`kwd/${batchName(i)}`) !== state) return false
      return true
    })
    figures.push((queuedMs - settledMs) / 1000)
  }
  const goal = batches === 10_000 ? { of: 'own', most: 1 } : undefined
  const what = `a manifest of ${counted(batches)} rows: settled, until all are queued`
  bench.line({ what, unit: 's', own: figures, goal })
}

/** How long an engine hears nobody and starts nothing: bench:stops, in a process of its own. */
export async function stops(bench) {
  const batches = bench.standingSize
  const script = fileURLToPath(new URL('stops.mjs', import.meta.url))
  const command = [process.execPath, script, '--json', '--batches', String(batches), '--seconds', '10']
  const { output } = await bench.time([command], bench.folder)
  let head = `an engine over ${counted(batches)} batches, longest stop of its event loop: `
  for (const { what, longestMs } of JSON.parse(output)) {
    const isJudged = batches === 10_000 && /planned|jobs start/.test(what)
    bench.line({
      // How many jobs were done is another number each time.
      what: `${head}${what.replace(/, \d+ a second/, '')}`,
      unit: 'ms',
      own: [longestMs],
      goal: isJudged ? { of: 'own', most: 30 } : undefined,
    })
    head = '   '
  }
}
