import { stagingPrefix } from '../core/names.ts'
import { plural, sizeText } from '../core/sizes.ts'
import { findLeftovers, holdingOf, type Leftovers, namesIn } from '../io/leftovers.ts'
import { runningEngine } from '../io/lock.ts'
import type { Job } from '../model/job.ts'
import { connect } from './join.ts'
import { localTime } from './terminal.ts'
import type { OpenWorkspace } from './workspace.ts'

export interface Finding {
  readonly level: 'fine' | 'note' | 'wrong'
  readonly text: string
  readonly hint?: string
}

/** What labmakes left in this workspace, whether it matters, and what to do about it. */
export async function checkLeftovers(workspace: OpenWorkspace): Promise<Finding[]> {
  const { root } = workspace
  const left = findLeftovers(root)
  const jobs = workspace.jobs()
  return [
    ...(await checkEngine(root)),
    ...checkLock(left),
    ...checkAttempts(left, runningEngine(root) !== undefined),
    ...checkStaging(workspace, left, jobs),
    ...checkKept(root),
  ]
}

async function checkEngine(root: string): Promise<Finding[]> {
  const engine = runningEngine(root)
  if (engine === undefined) return []
  const text = `${engine.user}'s "${engine.command}" is at work (process ${engine.process.pid} on ${engine.host}, since ${engine.since})`
  const client = await connect(root).catch(() => undefined)
  const { difference } = client ?? {}
  if (difference === undefined) return [{ level: 'fine', text }]
  return [
    { level: 'fine', text },
    { level: difference.compatible ? 'note' : 'wrong', text: difference.message, hint: difference.hint },
  ]
}

function checkLock({ lock, deadSocket }: Leftovers): Finding[] {
  const findings: Finding[] = []
  if (lock?.isDead === true) {
    const { holder } = lock
    const whose =
      holder === undefined
        ? 'a labmake that did not say who it was'
        : `${holder.user}'s "${holder.command}" (process ${holder.process?.pid} on ${holder.host}, since ${holder.since})`
    findings.push({
      level: 'note',
      text: `.labmake/engine.lock was left by ${whose}, which does not run any more`,
      hint: 'Nothing needs to be done: the next labmake takes the lock over.',
    })
  }
  if (deadSocket) {
    findings.push({
      level: 'note',
      text: '.labmake/engine.sock was left by an engine that does not run any more',
      hint: 'Nothing needs to be done: the next engine replaces it.',
    })
  }
  return findings
}

/** More names than these say nothing new. */
const namesShown = 10

function checkAttempts({ attempts, unfinished, claims }: Leftovers, isAtWork: boolean): Finding[] {
  if (isAtWork) return []
  const findings: Finding[] = []
  const named = (jobs: readonly { readonly job: string }[]) =>
    `${jobs
      .slice(0, namesShown)
      .map(({ job }) => job)
      .join(', ')}${jobs.length > namesShown ? `, and ${jobs.length - namesShown} more` : ''}`
  const running = attempts.filter(({ runs }) => runs)
  const ended = attempts.filter(({ runs }) => !runs)
  if (running.length > 0) {
    const since = localTime(Math.min(...running.map(({ startedMs }) => startedMs)))
    findings.push({
      level: 'note',
      text: `${named(running)} still ${running.length === 1 ? 'runs' : 'run'}, since ${since}, though no labmake is at work`,
      hint: 'Run labmake, or labmake engine start: it takes them over.',
    })
  }
  if (ended.length > 0) {
    findings.push({
      level: 'note',
      text: `${named(ended)}: ended while no labmake was at work`,
      hint: 'Run labmake: it records how they ended, and keeps what they made.',
    })
  }
  if (unfinished > 0) {
    findings.push({
      level: 'note',
      text: `.labmake/running/ holds ${plural(unfinished, 'attempt')} that never began, or of which a power cut left nothing that can be read`,
      hint: 'Nothing needs to be done: the next labmake that makes something clears it away.',
    })
  }
  if (claims.length > 0) {
    findings.push({
      level: 'note',
      text: `${plural(claims.length, 'drop')} ${claims.length === 1 ? 'was' : 'were'} on the way into the workspace as labmake ended`,
      hint: 'Run labmake, or labmake engine start: it takes them to where they belong.',
    })
  }
  return findings
}

/** Staging folders that no attempt and no claim knows of: beside targets, and in the inbox. */
function checkStaging({ root, ruleSet }: OpenWorkspace, left: Leftovers, jobs: readonly Job[]): Finding[] {
  const known = new Set([
    ...left.attempts.flatMap(({ folders }) => folders),
    ...left.claims.map((slug) => `inbox/${stagingPrefix}${slug}`),
  ])
  const parentOf = (path: string) => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.')
  const parents = new Set([
    'inbox',
    ...jobs.flatMap((job) => job.targets.map(({ path }) => parentOf(path))),
    ...ruleSet.rules.flatMap((rule) => rule.targets.map(({ pattern }) => parentOf(pattern.text))),
    ...ruleSet.inbox.map(({ store }) => parentOf(store.text)),
  ])
  const isOfClaim = (path: string) => left.claims.some((slug) => path.endsWith(`/${stagingPrefix}${slug}`))
  const lost = [...parents].flatMap((parent) =>
    namesIn(`${root}/${parent}`)
      .filter((name) => name.startsWith(stagingPrefix))
      .map((name) => (parent === '.' ? name : `${parent}/${name}`))
      .filter((path) => !known.has(path) && !isOfClaim(path)),
  )
  return lost.sort().map((path): Finding => {
    const holding = holdingOf(`${root}/${path}`)
    const size = holding === undefined ? 'it is empty' : heldText(holding)
    const isDrop = path.startsWith(`inbox/`)
    return {
      level: 'note',
      text: `${path}/ was left by ${isDrop ? 'the taking of a drop' : 'an attempt'} that nothing is known of: ${size}`,
      hint: isDrop
        ? 'Nothing needs to be done: the next labmake puts it back into inbox/, once nothing there has its name.'
        : 'It counts for nothing. Remove it once no recipe writes there.',
    }
  })
}

function heldText({ files, bytes, more, sinceMs }: NonNullable<ReturnType<typeof holdingOf>>): string {
  const since = Number.isFinite(sinceMs) ? `, since ${localTime(sinceMs)}` : ''
  return `${more ? 'more than ' : ''}${plural(files, 'file')}, ${sizeText(bytes)}${since}`
}

function checkKept(root: string): Finding[] {
  const kept = [
    ['attic', 'old targets that a person may have edited, and drops that were here already'],
    ['attempts', 'what failed attempts left, the last one of each job'],
  ] as const
  return kept.flatMap(([folder, what]): Finding[] => {
    const holding = holdingOf(`${root}/.labmake/${folder}`)
    if (holding === undefined) return []
    const text = `.labmake/${folder}/ keeps ${what}: ${heldText(holding)}`
    return [{ level: 'note', text, hint: 'Look through it and remove what nobody needs; labmake never does.' }]
  })
}
