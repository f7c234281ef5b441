// Kills labmake, hundreds of times, and looks whether anything was lost: npm run test:crash [-- --minutes N] [--seed S].
// First between the steps of a small run, one after the other (points.mjs), then at random in a busy one (busy.mjs).
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { busyRun } from './busy.mjs'
import { chanceOf } from './chance.mjs'
import { countCalls, killAt, makeTemplate } from './points.mjs'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '2' }, seed: { type: 'string' } },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const chance = chanceOf(seed)
const startMs = Date.now()
const endMs = startMs + minutes * 60_000
/** The last builds of a busy run, and the looking, take about this long. */
const settlingMs = 10_000
/** Of the time. */
const pointsShare = 0.4
const toldEveryMs = 15_000
const sum = { kills: 0, faults: 0, jobs: 0, points: 0 }
const problems = []

console.log(`seed ${seed}, ${minutes} minutes`)
await killBetweenSteps(startMs + (endMs - startMs) * pointsShare)
do await killAtRandom()
while (Date.now() < endMs - 2 * settlingMs && problems.length === 0)

const took = ((Date.now() - startMs) / 60_000).toFixed(1)
const { kills, faults, jobs, points } = sum
const text = `${kills} kills of labmake (${points} of them between two steps, by name), ${faults} kills of recipes and reboots, ${jobs} runs of recipes in ${took} minutes; seed ${seed}`
if (problems.length === 0) console.log(`survived ${text}`)
else {
  console.log(`NOT survived: ${text}\n${problems.join('\n')}`)
  process.exitCode = 1
}

/** Each call once, in an order by chance; as far as the time goes, and then pairs of calls: the run that mends is killed too. */
async function killBetweenSteps(untilMs) {
  const template = await makeTemplate()
  const calls = await countCalls(template)
  const order = chance.shuffled(Array.from({ length: calls }, (_, i) => i + 1))
  for (let i = 0; Date.now() < untilMs && problems.length === 0; i++) {
    const first = order[i] ?? chance.upTo(calls)
    const second = i >= order.length || chance.bool(0.3) ? chance.upTo(calls / 2) : undefined
    // Mostly a build; an engine does the same, and looks after more.
    const words = chance.bool(0.25) ? ['engine', 'run'] : []
    const end = await killAt(template, { words, first, second })
    sum.kills += end.kills
    sum.points += end.kills
    sum.jobs += end.jobs
    if (end.problems.length > 0)
      problems.push(`labmake ${words.join(' ')} killed before ${end.points.join(', then before ')}:`, ...end.problems)
  }
  console.log(`between the steps: ${sum.kills} kills; the run has ${calls} calls that change something`)
  rmSync(template, { recursive: true })
}

async function killAtRandom() {
  let toldMs = Date.now()
  const untilMs = Math.min(endMs, Date.now() + 10 * 60_000) - settlingMs
  const say = (state) => {
    if (Date.now() < toldMs + toldEveryMs) return
    toldMs = Date.now()
    console.log(`at random: ${state.kills} kills, ${state.faults} faults`)
  }
  const end = await busyRun({ chance, untilMs, say })
  sum.kills += end.kills
  sum.faults += end.faults
  sum.jobs += end.jobs
  problems.push(...end.problems)
}
