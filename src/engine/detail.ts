import { reasonText, verdictReason } from '../core/reasons.ts'
import { commandLine, expandRecipe, recipePaths } from '../core/recipe.ts'
import type { JobDetail, PastAttempt } from '../model/detail.ts'
import { type JobSource, shownPath } from '../model/job.ts'
import type { Entry } from './entry.ts'

/** Gathered sources beyond this many are counted, not named. */
const sourcesNamed = 5

/** Everything about one job that a person may want to see. `attempts`: newest last. */
export function detailOf({ job, verdict }: Entry, attempts: readonly PastAttempt[]): JobDetail {
  const { words } = expandRecipe(
    job,
    recipePaths(job, (path) => path),
  )
  const reasons = verdict.state === 'stale' || verdict.state === 'protected' ? verdict.reasons : []
  const first = verdict.state === 'stale' ? [] : [verdictReason(verdict)]
  return {
    id: job.id,
    command: commandLine(job, words),
    sources: job.sources.flatMap(sourceTexts),
    targets: job.targets.map(shownPath),
    params: Object.fromEntries(job.params),
    why: [...first, ...reasons].map(reasonText),
    attempts,
  }
}

function sourceTexts(source: JobSource): string[] {
  const { gathered } = source
  if (gathered === undefined) return [shownPath(source)]
  const named = gathered.slice(0, sourcesNamed)
  return gathered.length > named.length ? [...named, `… and ${gathered.length - named.length} more`] : named
}
