import { assertNever } from '../model/errors.ts'
import type { Reason, Verdict } from '../model/plan.ts'
import type { Cause } from '../model/record.ts'
import { formatSeconds } from './durations.ts'

/** The one place where a reason becomes words: a sentence without its full stop, that a scientist understands. */
export function reasonText(reason: Reason): string {
  switch (reason.kind) {
    case 'rebuild':
      return `${reason.by} asked for it to be made again`
    case 'failed-before':
      return `the last attempt failed: ${fullCauseText(reason.cause)}`
    case 'target-missing':
      return `${reason.path} is not there yet`
    case 'source-newer':
      return `${reason.path} is newer than ${reason.target}`
    case 'source-changed':
      return `${reason.path} changed`
    case 'source-added':
      return `${reason.path} was added`
    case 'source-removed':
      return `${reason.path} was removed`
    case 'uses-changed':
      return `${reason.path}, which the recipe uses, changed`
    case 'recipe-changed':
      return `the recipe changed, from "${clipped(reason.before)}" to "${clipped(reason.after)}"`
    case 'param-changed':
      return `${reason.name} changed, from "${reason.before}" to "${reason.after}"`
    case 'upstream':
      return `${reason.job} is made again first`
    case 'no-source':
      return noSourceText(reason.path, reason.state)
    case 'no-param':
      return `${reason.name} has no value: add the batch to a manifest in data/manifests/`
    case 'row-refused':
      return `its manifest row was refused (${reason.where}: ${reason.message})`
    case 'unreadable':
      return reason.problem
    case 'prerequisite':
      return `waits for ${reason.job}`
    case 'edited':
      return `${reason.path} was edited since the recipe made it`
    case 'up-to-date':
      return 'up to date'
    case 'orphaned':
      return `${reason.path} is kept, but what it was made from is gone`
    case 'blocked':
      return `${reason.job} failed`
    default:
      return assertNever(reason)
  }
}

function noSourceText(path: string, state: 'missing' | 'empty' | 'no match'): string {
  if (state === 'missing') return `${path} is not there yet`
  return state === 'empty' ? `${path} is empty` : `nothing matches ${path} yet`
}

/** A recipe is shown on one line; a long script by its beginning. */
function clipped(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ')
  return line.length > 160 ? `${line.slice(0, 159)}…` : line
}

/** Why an attempt failed, in words. */
export function causeText(cause: Cause): string {
  switch (cause.kind) {
    case 'exit':
      return `the recipe ended with exit code ${cause.code}${cause.because === undefined ? '' : `: ${shortOf[cause.because]}`}`
    case 'signal':
      return `the recipe was killed by ${cause.signal}${killedText(cause)}`
    case 'timeout':
      return `it took longer than its timeout of ${formatSeconds(cause.timeoutMs / 1000)}`
    case 'no-command':
      return `${cause.command} could not be started: ${cause.problem}`
    case 'no-start':
      return `the recipe could not be started: ${cause.problem}`
    case 'still-writing':
      return `the recipe ended well, but ${cause.process}, which it had started, was still writing ${cause.path}`
    case 'no-target':
      return `the recipe ended well but did not make ${cause.target}`
    case 'no-member':
      return `the recipe ended well but ${cause.target} has no ${cause.member}`
    case 'wrong-kind':
      return `the recipe made ${cause.target}, but not as a ${cause.expected}`
    case 'unstable-source':
      return `${cause.path} changed each time the recipe ran: the recipe writes to its own source, or something else does`
    case 'edited-meanwhile':
      return `${cause.path} was edited while the recipe ran, so the new version was put aside`
    case 'disk':
      return `cannot ${cause.action} ${cause.path}: ${cause.problem}`
    case 'lost':
      return 'it was lost when labmake or the machine stopped'
    default:
      // In a journal there may be causes that only a newer labmake knows.
      return `it failed (${(cause satisfies never as { readonly kind: string }).kind}, says a newer labmake)`
  }
}

const shortOf = {
  space: 'no space was left on the disk',
  memory: 'memory ran out',
  words: 'a command was given more words than this system takes at once',
} as const

/** Who killed it can only be guessed: what is known decides how. */
function killedText({ signal, because }: Cause & { kind: 'signal' }): string {
  if (because === 'memory') return ', probably because memory ran out'
  if (because === 'killed') return ', by somebody or by a limit of this machine: memory had not run out'
  return signal === 'SIGKILL' ? ' (out of memory?)' : ''
}

/** Why an attempt failed, with what the recipe itself said of it. For where the log is not shown beside it. */
export function fullCauseText(cause: Cause): string {
  const says = cause.kind === 'exit' || cause.kind === 'signal' ? cause.says : undefined
  return says === undefined ? causeText(cause) : `${causeText(cause)}: ${says}`
}

/** Why an attempt failed, and after how long, in a few words: for a row of a list. */
export function briefCauseText(cause: Cause, seconds: number): string {
  const says = cause.kind === 'exit' || cause.kind === 'signal' ? cause.says : undefined
  const tail = says === undefined ? '' : `: ${says}`
  const after = `after ${formatSeconds(seconds)}`
  if (cause.kind === 'exit') return `exit ${cause.code} ${after}${tail}`
  if (cause.kind !== 'signal') return causeText(cause)
  const mayBeMemory = cause.signal === 'SIGKILL' && says === undefined && cause.because === undefined
  const memory = cause.because === 'memory' ? ' (probably out of memory)' : mayBeMemory ? ' (out of memory?)' : ''
  return `killed by ${cause.signal} ${after}${memory}${tail}`
}

/** What to do about a failure, beyond reading its log. */
export function causeHint(cause: Cause): string | undefined {
  switch (cause.kind) {
    case 'no-command':
      return 'Install it, or put its folder on the PATH; labmake doctor checks all recipes.'
    case 'exit':
    case 'signal':
      if (cause.because === 'space') return 'Free some space, then run labmake again: the old target is as it was.'
      if (cause.because === 'words')
        return 'It has too many sources for one command. In a script, printf \'%s\\0\' "$@" | xargs -0 … gives them to it in turns.'
      if (cause.because !== 'memory') return undefined
      return 'Let fewer run at once (the slots of its pool), or give it less to do at a time; labmake doctor says what fits.'
    case 'no-start':
      return 'It is tried again. If that goes on, too much runs on this machine.'
    case 'still-writing':
      return 'Let the recipe wait for what it starts (in a script: wait), so that its target is whole when it ends.'
    case 'no-target':
      return 'The recipe must write exactly to {target}.'
    case 'no-member':
      return 'See expects: in the rule, and the log for what the recipe wrote.'
    case 'wrong-kind':
      return 'A target with a trailing slash is a folder, one without is a file.'
    case 'unstable-source':
      return 'Let the recipe write to {target} only.'
    case 'edited-meanwhile':
      return 'Your edit is kept. labmake accept keeps it for good, labmake rebuild replaces it.'
    case 'disk':
      return 'Free some space or mend the permissions, then run labmake again: nothing was lost.'
    default:
      return undefined
  }
}

/** The reason to show for a verdict. */
export function verdictReason(verdict: Verdict): Reason {
  switch (verdict.state) {
    case 'waiting':
    case 'orphaned':
      return verdict.reason
    case 'up-to-date':
      return verdict.edited ?? { kind: 'up-to-date' }
    case 'stale':
      return verdict.reasons[0]
    case 'protected':
      return verdict.edited
    default:
      return assertNever(verdict)
  }
}
