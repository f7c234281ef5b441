import type { Job, JobSource } from '../model/job.ts'
import type { Provenance } from '../model/record.ts'
import type { Stamp, Stamps } from '../model/stamp.ts'
import { digest } from './digest.ts'
import { matchPattern } from './pattern.ts'
import type { Survey } from './survey.ts'

export type IgnoreOf = (path: string) => readonly string[]

/** What a job reads as it lies there now: everything of a Provenance but the targets, and the bytes of the sources. */
export interface Ingredients extends Omit<Provenance, 'targets'> {
  readonly sourceBytes: number
}

/** Takes the stamps of a job's sources and uses. A path that is missing has no stamp. */
export function takeIngredients(job: Job, survey: Survey, ignoreOf: IgnoreOf): Ingredients {
  let sourceBytes = 0
  const stamps = (sources: readonly JobSource[]): Stamps => {
    const taken: Record<string, Stamp> = {}
    for (const source of sources) {
      for (const path of source.gathered ?? [source.path]) {
        const snapshot = survey.snapshot(path, { isFolder: source.isFolder, ignore: ignoreOf(path) })
        if (snapshot.status !== 'there') continue
        taken[path] = snapshot.stamp
        sourceBytes += snapshot.sizeBytes
      }
    }
    return taken
  }
  const sources = stamps(job.sources)
  const uses = stamps(job.uses)
  return { sources, uses, recipe: job.rule.recipe.text, params: Object.fromEntries(job.params), sourceBytes }
}

/** Two digests differ if anything that a job is made from does. */
export function ingredientsDigest({ sources, uses, recipe, params }: Omit<Provenance, 'targets'>): string {
  return digest(JSON.stringify([sources, uses, recipe, params]))
}

/** Stamps of a job's targets as they lie there now; a missing one has none. `at` says where to look for a target. */
export function takeTargets(job: Job, survey: Survey, at: (path: string) => string = (path) => path): Stamps {
  const taken: Record<string, Stamp> = {}
  for (const { path, isFolder } of job.targets) {
    const snapshot = survey.snapshot(at(path), { isFolder, ignore: job.rule.ignore })
    if (snapshot.status === 'there') taken[path] = snapshot.stamp
  }
  return taken
}

/** The job with its gathering sources looked up anew: a prerequisite may just have made more of them. */
export function regather(job: Job, survey: Survey): Job {
  if (![...job.sources, ...job.uses].some((s) => s.gathered !== undefined)) return job
  const patterns = new Map(job.rule.sources.map((s) => [s.name, s.pattern]))
  const lookUp = (source: JobSource, pattern: Parameters<Survey['gather']>[0] | undefined): JobSource => {
    if (source.gathered === undefined || pattern === undefined) return source
    const gathered = survey.gather(pattern, job.binding).filter((path) => {
      const found = matchPattern(pattern, path)
      return found !== undefined && pattern.wildcards.every((w) => found[w] === job.binding[w])
    })
    return { ...source, gathered }
  }
  return {
    ...job,
    sources: job.sources.map((source) => lookUp(source, patterns.get(source.name))),
    uses: job.uses.map((use, i) => lookUp(use, job.rule.uses[i])),
  }
}
