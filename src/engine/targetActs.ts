import { reasonText, verdictReason } from '../core/reasons.ts'
import type { ActionResult } from '../model/action.ts'
import { acceptedRecord } from './accept.ts'
import type { Scope } from './book.ts'
import { faultOf } from './commit.ts'
import type { Entry } from './entry.ts'
import { countJobs, type Hands, idsOf, jobsAre, nothing, record } from './hands.ts'

const runsNow = 'it runs now'

/** Calls targets current as they are. */
export async function accept(entries: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  const accepted: Entry[] = []
  let refused: string | undefined
  for (const entry of entries) {
    const made = acceptedRecord({ job: entry.job, verdict: hands.judge(entry) }, by, hands.ports, entry.links.ignoreOf)
    if (entry.state.status === 'running' || typeof made === 'string') {
      refused ??= `${entry.id}: ${typeof made === 'string' ? made : runsNow}`
      continue
    }
    const fault = await faultOf(() => hands.ports.journal.append(made))
    if (fault === undefined) accepted.push(entry)
    else if (accepted.length === 0) throw fault
    else refused ??= `${entry.id}: ${fault.message}`
  }
  if (accepted.length === 0) return nothing(`Nothing was accepted. ${refused}.`)
  const rest = refused === undefined ? '' : ` Not ${refused}.`
  const text = `Accepted ${countJobs(accepted.length)}: the targets count as made from their sources as they are.${rest}`
  hands.replanned(batchesOf(accepted))
  // Each target has a record of its own that says who and when: where this one cannot be written, nothing is taken back.
  const fault = await faultOf(() =>
    record({ type: 'accept', jobs: idsOf(accepted) }, { by, text, entries: accepted }, hands),
  )
  const unsaid = fault === undefined ? '' : ` Then: ${fault.message}.`
  return { done: true, text: text + unsaid, count: accepted.length, undo: undefined }
}

/** Makes targets again, whatever they hold. */
export async function rebuild(entries: readonly Entry[], by: string, hands: Hands): Promise<ActionResult> {
  let refused: string | undefined
  const able = entries.filter((entry) => {
    const verdict = hands.judge(entry)
    const waits = verdict.state === 'waiting' || verdict.state === 'orphaned'
    if (!waits && entry.state.status !== 'running') return true
    refused ??= `${entry.id}: ${waits ? reasonText(verdictReason(verdict)) : runsNow}`
    return false
  })
  if (able.length === 0) return nothing(`Nothing is made again. ${refused}.`)
  const held = able.filter((entry) => hands.book.isHeld(entry)).length
  const text = [
    `${countJobs(able.length)} will be made again. What a person edited is kept in .labmake/attic/.`,
    ...(held === 0 ? [] : [`${jobsAre(held)} held, and made once released.`]),
    ...(refused === undefined ? [] : [`Not ${refused}.`]),
  ].join(' ')
  await record({ type: 'rebuild', jobs: idsOf(able) }, { by, text, entries: able }, hands)
  hands.book.forgive(able)
  hands.replanned(batchesOf(able))
  return { done: true, text, count: able.length, undo: undefined }
}

function batchesOf(entries: readonly Entry[]): Scope {
  const batches = entries.map((entry) => entry.batch)
  return batches.includes(undefined) ? 'all' : new Set(batches.filter((b) => b !== undefined))
}
