// labmake and its peers over the same recipes, which sleep, in pools of 2 and 4. labmake learns from a first run what each job took;
// in the second run each takes longer or shorter by what nobody knows.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { lowerBound, withNoise, writeQueue } from './orderQueues.mjs'

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

function writeSnakemake(folder, queue) {
  mkdirSync(folder, { recursive: true })
  const steps = JSON.stringify(Object.fromEntries(stepsOf(queue)))
  const text = `S = ${steps}
rule all:
    input: expand("{b}.phy", b=S)
rule kwd:
    output: "{b}.kwd"
    params: s=lambda w: S[w.b][0]
    resources: ram=1
    shell: "sleep {params.s} && touch {output}"
rule phy:
    input: "{b}.kwd"
    output: "{b}.phy"
    params: s=lambda w: S[w.b][1]
    resources: cpu=1
    shell: "sleep {params.s} && touch {output}"
`
  writeFileSync(`${folder}/Snakefile`, text)
}

/** Of snakemake the greedy scheduler, which was quicker here than the one it takes by default. */
const peers = {
  ninja: { write: writeNinja, command: ['ninja', '-j8'] },
  snakemake: {
    write: writeSnakemake,
    command: ['snakemake', '--cores', '8', '--resources', 'ram=2', 'cpu=4', '--scheduler', 'greedy'],
  },
}

async function seconds([command, ...args], cwd) {
  const start = process.hrtime.bigint()
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-1000)
  })
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`${command} in ${cwd} ended with ${status}: ${said}`)
  return Number(process.hrtime.bigint() - start) / 1e9
}

/**
 * One queue, in earnest: seconds that labmake takes while it knows of no durations (`unlearnt`, of a queue with `firstBound`),
 * and once it learnt them (`learnt`); those of the peers, by name; the queue, with no end sooner than `bound`. Seed 0 is
 * constant durations. What sleeps costs nothing: a peer runs beside each run of labmake.
 */
export async function measureReal({ folder, batches, seed, labmake, tools }) {
  const first = writeQueue(shape, { batches, sigma: seed === 0 ? 0 : 1, seed })
  const noisy = withNoise(first, seed === 0 ? 0 : 0.3, seed)
  const jobs = noisy.jobs.map(({ seconds, known, ...job }) => ({ ...job, known: seconds, seconds: known }))
  const queue = { ...noisy, jobs }
  const own = `${folder}/labmake${seed}`
  const ends = new Map()
  const faults = []
  const measurePeer = async (tool) => {
    if (tool === undefined) return
    const root = `${folder}/${tool}${seed}`
    peers[tool].write(root, queue)
    try {
      ends.set(tool, await seconds(peers[tool].command, root))
    } catch ({ message }) {
      faults.push({ tool, message })
    }
  }
  const measureOwn = (queue) => {
    writeWorkspace(own, queue)
    return seconds([...labmake, '-j8'], own)
  }
  const [unlearnt] = await Promise.all([measureOwn(first), measurePeer(tools[0])])
  const [learnt] = await Promise.all([measureOwn(queue), measurePeer(tools[1])])
  const name = seed === 0 ? 'constant' : `lognormal ${seed}`
  return { name, queue, unlearnt, firstBound: lowerBound(first), learnt, bound: lowerBound(queue), peers: ends, faults }
}
