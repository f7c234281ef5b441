import { ingredientsDigest, regather, takeIngredients } from '../core/provenance.ts'
import { type Survey, surveyDisk } from '../core/survey.ts'
import { judge } from '../core/verdict.ts'
import type { Verdict } from '../model/plan.ts'
import type { Entry } from './entry.ts'
import type { Ports } from './ports.ts'

/** Digest of what a job would be made from now. */
export function ingredientsNow({ job, links }: Pick<Entry, 'job' | 'links'>, disk: Ports['disk']): string {
  const survey = surveyDisk(disk)
  return ingredientsDigest(takeIngredients(regather(job, survey), survey, links.ignoreOf))
}

/**
 * The verdict as of now, where a plan may be hours old: what was made since counts as files on disk. `survey`: one that was
 * just begun, where more is to be asked of the same state.
 */
export function judgeNow(
  { job, links }: Entry,
  entries: ReadonlyMap<string, Entry>,
  { disk, journal }: Pick<Ports, 'disk' | 'journal'>,
  survey: Survey = surveyDisk(disk),
): Verdict {
  return judge(regather(job, survey), {
    survey,
    history: (target) => journal.history(target),
    ignoreOf: links.ignoreOf,
    producerOf: links.producerOf,
    verdictOf: (id) => entries.get(id)?.verdict,
    absent: () => undefined,
    mayBeAbsent: () => false,
  })
}
