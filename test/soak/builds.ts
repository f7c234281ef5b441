import type { Workspace } from '../workspace.ts'

/** What a recipe wrote down when it was through, or failed. */
export interface Build {
  /** `kwd/B1` */
  readonly job: string
  readonly how: 'made' | 'failed'
  readonly startMs: number
  readonly endMs: number
  /** All it read, as it also wrote it to its target; lines are parted by |. */
  readonly content: string
}

/** All builds, in the order in which they ended. */
export function readBuilds(ws: Workspace): Build[] {
  const builds: Build[] = []
  const started = new Map<string, number>()
  for (const line of ws.read('recipes.log').split('\n').slice(0, -1)) {
    const [seconds = '', event = '', job = '', content = ''] = line.split('\t')
    const atMs = Number(seconds) * 1000
    if (event === 'start') started.set(job, atMs)
    else if (event === 'made' || event === 'failed') {
      builds.push({ job, how: event, startMs: started.get(job) ?? Number.NaN, endMs: atMs, content })
    } else throw new Error(`recipes.log has a line that no recipe writes: ${line}`)
  }
  return builds
}
