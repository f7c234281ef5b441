import { type IgnoreOf, takeIngredients, takeTargets } from '../core/provenance.ts'
import { reasonText, verdictReason } from '../core/reasons.ts'
import { surveyDisk } from '../core/survey.ts'
import type { PlannedJob, Verdict } from '../model/plan.ts'
import type { AcceptedRecord, TargetHistory } from '../model/record.ts'
import type { Ports } from './ports.ts'

/** What to write down when a person calls a target current as it is, or why that cannot be. */
export function acceptedRecord(
  { job, verdict }: Pick<PlannedJob, 'job' | 'verdict'>,
  by: string,
  { disk, journal, clock }: Pick<Ports, 'disk' | 'journal' | 'clock'>,
  ignoreOf: IgnoreOf,
): AcceptedRecord | string {
  const survey = surveyDisk(disk)
  const targets = takeTargets(job, survey)
  const absent = job.targets.find((t) => targets[t.path] === undefined)
  if (absent !== undefined) return `${absent.path} is not there`
  if (verdict.state === 'waiting' || verdict.state === 'orphaned') return reasonText(verdictReason(verdict))
  const { sourceBytes: _, ...ingredients } = takeIngredients(job, survey, ignoreOf)
  const target = job.targets[0]!.path
  const edited = mayHoldWork(verdict, journal.history(target))
  const base = { at: new Date(clock.now()).toISOString(), job: job.id, target, by }
  return { type: 'accepted', ...base, ...ingredients, targets, edited }
}

/** Whether what is accepted may hold a person's work: it differs from what a recipe left, or nobody knows what that was. */
function mayHoldWork(verdict: Verdict, history: TargetHistory): boolean {
  const edited = verdict.state === 'protected' || (verdict.state === 'up-to-date' && verdict.edited !== undefined)
  return edited || history.current === undefined
}
