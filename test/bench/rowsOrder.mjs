// Rows of the benchmark in which what is measured is the order of starting.
import { bestFound } from './orderPlay.mjs'
import { measureReal } from './orderReal.mjs'

const batches = 30
/** Moves that the search for the best order tries. */
const searched = 4000
/** Of the durations; 0 is constant. Each takes a minute: `npm run bench:order -- --real` has more. */
const seeds = [0, 1]

/** 30 batches of two recipes that sleep, in pools of 2 and 4; the durations were learnt from one run before, to ± 30 %. */
export async function order(bench) {
  const tools = ['ninja', 'snakemake'].filter((tool) => bench.versions.has(tool))
  for (const seed of seeds) {
    const real = await measureReal({ folder: bench.folder, batches, seed, labmake: bench.labmake, tools })
    for (const { tool, message } of real.faults) bench.onFault(tool, new Error(message))
    const what = `${batches} batches, pools of 2 and 4, ${real.name} durations`
    const best = bestFound(real.queue, searched, real.bound)
    const line = (name, figure, most) =>
      bench.line({
        what,
        unit: 's',
        own: [real.learnt],
        against: { name, figures: figure === undefined ? undefined : [figure] },
        goal: most === undefined ? undefined : { of: 'ratio', most },
      })
    line('the best order found', best, 1.02)
    line('the lower bound', real.bound)
    // Ahead of them.
    for (const tool of tools) line(tool, real.peers.get(tool), 1)
  }
}
