import { digest } from '../core/digest.ts'
import { stagingPrefix } from '../core/names.ts'
import type { StagedTarget } from '../model/attempt.ts'
import type { Job } from '../model/job.ts'
import type { Clock } from '../model/ports.ts'

/** A name for one attempt that no other attempt ever had, also not one whose journal was deleted. */
export function attemptSlug(job: Job, attempt: number, clock: Clock): string {
  const unique = Math.floor(clock.random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')
  return `${digest(job.id).slice(0, 8)}-${attempt}-${clock.now().toString(36)}${unique}`
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
