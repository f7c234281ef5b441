// bench:order --real: labmake and ninja over the same recipes, which sleep. labmake learns from a first run what each job took;
// in the second run each takes longer or shorter by what nobody knows.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { lowerBound, withNoise, writeQueue } from './orderQueues.mjs'

const labmake = fileURLToPath(new URL('../../dist/labmake.js', import.meta.url))

/** Mean seconds of the two steps: so that a run of 30 batches takes 20 s. */
const shape = {
  slots: { ram: 2, cpu: 4 },
  steps: [
    { seconds: 1, pools: { ram: 1 } },
    { seconds: 2.5, pools: { cpu: 1 } },
  ],
}

const rules = `pools: { ram: 2, cpu: 4 }
rules:
  kwd:
    sources: data/mat/{batch}/
    targets: data/kwd/{batch}.kwd
    pool: ram
    script: |
      read first second < "$source/seconds"
      sleep "$first"
      echo "$second" > "$target"
  phy:
    sources: data/kwd/{batch}.kwd
    targets: data/phy/{batch}/
    pool: cpu
    script: |
      read second < "$source"
      sleep "$second"
      mkdir -p "$target"
      cp "$source" "$target/params.py"
`

/** Batches with the seconds of their two steps, in a form of one length: sizes of files tell nothing. */
function stepsOf({ jobs }) {
  const steps = new Map(jobs.map(({ batch }) => [batch, []]))
  for (const { batch, seconds } of jobs) steps.get(batch).push(seconds.toFixed(3).padStart(7, '0'))
  return steps
}

function writeWorkspace(folder, queue) {
  for (const path of ['rules', 'data/mat', 'data/kwd', 'data/phy']) mkdirSync(`${folder}/${path}`, { recursive: true })
  writeFileSync(`${folder}/rules/bench.yaml`, rules)
  for (const [batch, seconds] of stepsOf(queue)) {
    mkdirSync(`${folder}/data/mat/${batch}`, { recursive: true })
    writeFileSync(`${folder}/data/mat/${batch}/seconds`, `${seconds.join(' ')}\n`)
  }
}

function writeNinja(folder, queue) {
  const lines = [
    'pool ram\n  depth = 2\npool cpu\n  depth = 4',
    'rule kwd\n  command = sleep $s && touch $out\n  pool = ram',
    'rule phy\n  command = sleep $s && touch $out\n  pool = cpu',
  ]
  for (const [batch, [first, second]] of stepsOf(queue)) {
    lines.push(`build ${batch}.kwd: kwd\n  s = ${first}`, `build ${batch}.phy: phy ${batch}.kwd\n  s = ${second}`)
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/build.ninja`, `${lines.join('\n')}\n`)
}

function seconds(command, args, cwd) {
  const start = process.hrtime.bigint()
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} in ${cwd} ended with ${status}: ${stdout}${stderr}`)
  return Number(process.hrtime.bigint() - start) / 1e9
}

/**
 * `bestOf`: the soonest end of a queue that a search finds, in seconds. `playedOf`: its end in labmake's order where
 * starting a job and committing what it made take no time.
 */
export function runReal({ folder, batches, seeds, bestOf, playedOf }) {
  const hasNinja = spawnSync('ninja', ['--version']).status === 0
  if (!hasNinja) console.log('ninja is not installed here, so it is left out')
  const title = ['÷ bound', '÷ best found', 'played ÷ best', 'unknown ÷ bound', 'ninja ÷ bound']
  console.log(`${batches} batches, recipes that sleep, -j8; durations learnt from a first run, ± 30 %.\n`)
  console.log(`${' '.repeat(16)}${title.map((text) => text.padStart(18)).join('')}`)
  for (const seed of [0, ...seeds]) {
    const learnt = writeQueue(shape, { batches, sigma: seed === 0 ? 0 : 1, seed })
    const noisy = withNoise(learnt, seed === 0 ? 0 : 0.3, seed)
    const queue = {
      ...noisy,
      jobs: noisy.jobs.map(({ seconds, known, ...job }) => ({ ...job, known: seconds, seconds: known })),
    }
    const own = `${folder}/labmake${seed}`
    writeWorkspace(own, learnt)
    const first = seconds(process.execPath, [labmake, '-j8'], own)
    writeWorkspace(own, queue)
    const second = seconds(process.execPath, [labmake, '-j8'], own)
    const bound = lowerBound(queue)
    const best = bestOf(queue, bound)
    const cells = [second / bound, second / best, playedOf(queue) / best, first / lowerBound(learnt)]
    if (hasNinja) {
      writeNinja(`${folder}/ninja${seed}`, queue)
      cells.push(seconds('ninja', ['-j8'], `${folder}/ninja${seed}`) / bound)
    }
    const name = seed === 0 ? 'constant' : `lognormal ${seed}`
    console.log(`${name.padEnd(16)}${cells.map((cell) => cell.toFixed(3).padStart(18)).join('')}`)
  }
}
