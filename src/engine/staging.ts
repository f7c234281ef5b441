import { digest } from '../core/digest.ts'
import { stagingPrefix } from '../core/names.ts'
import type { AttemptState, StagedTarget } from '../model/attempt.ts'
import type { Job } from '../model/job.ts'
import type { Clock } from '../model/ports.ts'
import { places } from './ports.ts'

/** A name for one attempt that no other attempt ever had, also not one whose journal was deleted. */
export function attemptSlug(job: Job, attempt: number, clock: Clock): string {
  const unique = Math.floor(clock.random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')
  return `${digest(job.id).slice(0, 8)}-${attempt}-${clock.now().toString(36)}${unique}`
}

/** An attempt of this job by its slug alone, as if nothing were known of what it was made from; undefined if it is of another job. */
export function attemptOfSlug(slug: string, job: Job): AttemptState | undefined {
  const [, of, number, time] = /^([0-9a-f]{8})-(\d+)-([0-9a-z]+)[0-9a-z]{4}$/.exec(slug) ?? []
  if (of !== digest(job.id).slice(0, 8)) return undefined
  const attempt = Number(number)
  return {
    slug,
    job: job.id,
    attempt,
    startedMs: Number.parseInt(time!, 36),
    timeoutMs: undefined,
    process: undefined,
    targets: stageTargets(job, slug, () => true),
    expects: [],
    ignore: [],
    pools: {},
    log: `${places.logs}/${job.id}/${attempt}.log`,
    before: { sources: {}, uses: {}, targets: {}, recipe: '', params: {} },
    sourceBytes: 0,
    committing: undefined,
  }
}

/**
 * Where the recipe writes: a folder beside each target, on the same file system, so that putting the target into place is
 * a rename. Its name begins with a dot and is never matched by a pattern.
 */
export function stageTargets(job: Job, slug: string, keepOld: (path: string) => boolean): StagedTarget[] {
  return job.targets.map(({ path, isFolder }) => {
    const slash = path.lastIndexOf('/')
    const folder = `${slash < 0 ? '' : path.slice(0, slash + 1)}${stagingPrefix}${slug}`
    return { path, isFolder, folder, staged: `${folder}/${path.slice(slash + 1)}`, keepOld: keepOld(path) }
  })
}
