// What commands cost: started all in the same way, in turns.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Of one tool in one row there are no more runs than fit into this: pattern rules of make take a quarter of a minute each. */
const budgetSeconds = 10

/**
 * Starts the process that starts and times the others. `time(commands, cwd)` runs commands one after the other, as one
 * measurement, and gives `{ seconds, processor, megabytes, output, errors }`; rejects if one of them fails.
 */
export function openTimer(folder) {
  const timer = spawn('python3', [fileURLToPath(new URL('timed.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const answers = createInterface({ input: timer.stdout })[Symbol.asyncIterator]()
  const output = `${folder}/output`
  async function time(commands, cwd) {
    timer.stdin.write(`${JSON.stringify({ commands, cwd, output })}\n`)
    const { value } = await answers.next()
    if (value === undefined) throw new Error('what times the commands (timed.py) has ended')
    const { status, fault, ...cost } = JSON.parse(value)
    const read = (path) => readFileSync(path, 'utf8')
    const said = fault === undefined ? { output: read(output), errors: read(`${output}.errors`) } : { errors: fault }
    if (status === 0) return { ...cost, ...said }
    const shown = commands.map((command) => command.join(' ')).join(' && ')
    throw new Error(`${shown} ended with ${status}: ${(said.errors || said.output).slice(-400).trim()}`)
  }
  return { time, close: () => timer.kill() }
}

/**
 * Runs the competitors in turns, each once without counting, which warms the caches, and then up to `runs` times. A competitor: `{ name, commands, cwd, says }`; `prepare(cwd, name)` is not timed; of one that fails, or
 * does not say what it should, `onFault` is told, and it is left out. Gives name → costs of its runs.
 */
export async function inTurns(time, competitors, { runs, prepare = () => {}, onFault }) {
  const costs = new Map()
  let left = competitors.map((competitor) => ({ ...competitor, seconds: Number.POSITIVE_INFINITY }))
  for (let turn = -1; left.length > 0 && turn < runs; turn++) {
    const stay = []
    for (const competitor of left) {
      const { name, commands, cwd, says } = competitor
      try {
        prepare(cwd, name)
        const cost = await time(commands, cwd)
        if (!says.test(cost.output + cost.errors))
          throw new Error(`it should say ${says}, but said: ${(cost.output + cost.errors).slice(-400).trim()}`)
        if (turn >= 0) costs.set(name, [...(costs.get(name) ?? []), cost])
        // By the quickest one: the first may be slow for once.
        competitor.seconds = Math.min(competitor.seconds, cost.seconds)
        if (turn + 1 < Math.max(1, Math.min(runs, Math.round(budgetSeconds / competitor.seconds))))
          stay.push(competitor)
      } catch (error) {
        costs.delete(name)
        onFault(name, error)
      }
    }
    // Another one is first in the next turn.
    left = [...stay.slice(1), ...stay.slice(0, 1)]
  }
  return costs
}
