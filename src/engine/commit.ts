import { compareStamps } from '../core/stamp.ts'
import { surveyDisk } from '../core/survey.ts'
import type { AttemptState, StagedTarget } from '../model/attempt.ts'
import { DiskFault, exchangeSuffix, isNoRoom } from '../model/ports.ts'
import type { Cause, MadeRecord } from '../model/record.ts'
import type { Stamp, Stamps } from '../model/stamp.ts'
import { fileTime, type Ports, places } from './ports.ts'

/** The stamps of what the recipe wrote, if all of it is there; else what is missing. */
export function checkStaged(state: AttemptState, ports: Ports): { targets: Stamps } | { cause: Cause } {
  const survey = surveyDisk(ports.disk)
  const targets: Record<string, Stamp> = {}
  for (const { path, isFolder, staged } of state.targets) {
    const target = isFolder ? `${path}/` : path
    const kind = ports.disk.stat(staged)?.kind
    if (kind === undefined) return { cause: { kind: 'no-target', target } }
    const expected = isFolder ? 'folder' : 'file'
    if (kind !== expected) return { cause: { kind: 'wrong-kind', target, expected } }
    const snapshot = survey.snapshot(staged, { isFolder, ignore: state.ignore })
    if (snapshot.status !== 'there') return { cause: { kind: 'no-member', target, member: 'file in it' } }
    const member = isFolder
      ? state.expects.find((name) => ports.disk.stat(`${staged}/${name}`) === undefined)
      : undefined
    if (member !== undefined) return { cause: { kind: 'no-member', target, member } }
    targets[path] = snapshot.stamp
  }
  return { targets }
}

/** The first of the old targets that is not what it was when the attempt started: somebody worked on it meanwhile. */
export function editedMeanwhile(state: AttemptState, ports: Ports): string | undefined {
  const survey = surveyDisk(ports.disk)
  for (const { path, isFolder } of state.targets) {
    const snapshot = survey.snapshot(path, { isFolder, ignore: state.ignore })
    const before = state.before.targets[path]
    // What may not be looked at may be anything.
    if (snapshot.status === 'unreadable') return path
    if (snapshot.status !== 'there') continue
    if (before === undefined) return path
    const change = compareStamps(path, before, snapshot.stamp)
    if (change !== undefined) return change.path
  }
  return undefined
}

/**
 * How a commit ended. `undone`: the old targets are in place. `left`: that was not possible either; nothing may be cleared
 * away, and the next labmake finishes the commit.
 */
export type CommitEnd =
  | { readonly status: 'made'; readonly attic: string | undefined; readonly fault: DiskFault | undefined }
  | { readonly status: 'undone' | 'left'; readonly fault: DiskFault }

/**
 * Puts new targets into place: at any instant a reader sees each target old and whole, or new and whole. The intent is
 * written down first, so that a commit that is cut short is finished by the next labmake; the journal is appended once
 * all are in place; the old targets go last. Never throws DiskFault.
 */
export async function commit(state: AttemptState, record: MadeRecord, ports: Ports): Promise<CommitEnd> {
  const before = await faultOf(async () => {
    await Promise.all(state.targets.map((target) => ports.writer.flush(target.staged)))
    await ports.attempts.writeIntent(state, record, { mustLast: mustIntentLast(state, record, ports) })
  })
  if (before !== undefined) return { status: 'undone', fault: before }
  const placed: { target: StagedTarget; replaced: boolean }[] = []
  const fault = await faultOf(async () => {
    for (const target of state.targets) placed.push({ target, replaced: await place(target, ports) })
    await settlePlaces(state, ports)
    await ports.journal.append(record)
  })
  if (fault === undefined) return { status: 'made', ...(await finishCommit(state, ports)) }
  const undoing = await faultOf(async () => {
    for (const { target, replaced } of placed.toReversed()) await putBack(target, replaced, ports)
  })
  if (undoing !== undefined) return { status: 'left', fault }
  const unsaid = await faultOf(() => ports.attempts.write(state))
  // For want of room it will be tried again, and then the intent stands: it may stay written down.
  return { status: unsaid === undefined || isNoRoom(fault) ? 'undone' : 'left', fault }
}

/** What took less is made again sooner than anybody notices. */
const worthFlushingSeconds = 1

/**
 * Has an intent to outlast a power cut? A target that is replaced without it, and without the journal's line, would be taken
 * for a person's work. Where nothing is replaced a whole target would be there that nobody knows of: it would be made once
 * more, which is no harm where that is quick.
 */
function mustIntentLast({ targets }: AttemptState, { seconds }: MadeRecord, { disk }: Ports): boolean {
  return seconds >= worthFlushingSeconds || targets.some(({ path }) => disk.stat(path) !== undefined)
}

/** Finishes a commit whose intent was written down and that was cut short. Safe to repeat. Throws DiskFault. */
export async function resumeCommit(
  state: AttemptState,
  record: MadeRecord,
  ports: Ports,
): Promise<{ attic: string | undefined }> {
  const { current } = ports.journal.history(record.target)
  // A later attempt made the targets anew, or a person accepted them: only the clearing away is left.
  const superseded = current?.type === 'made' ? current.attempt > record.attempt : (current?.at ?? '') > record.at
  if (!superseded) {
    for (const target of state.targets) if (isStaged(target, record, state.ignore, ports)) await place(target, ports)
    await settlePlaces(state, ports)
    if (current?.at !== record.at) await ports.journal.append(record)
  }
  const { attic, fault } = await finishCommit(state, ports)
  if (fault !== undefined) throw fault
  return { attic }
}

/**
 * Is the new version still in the staging folder? Asked of what lies there, not of the target alone: somebody may have
 * worked on the target since it was put into place.
 */
function isStaged(
  { path, isFolder, staged }: StagedTarget,
  record: MadeRecord,
  ignore: readonly string[],
  ports: Ports,
) {
  const survey = surveyDisk(ports.disk)
  const isNew = (at: string) => {
    const made = record.targets[path]
    const now = survey.snapshot(at, { isFolder, ignore })
    return made !== undefined && now.status === 'there' && compareStamps(path, made, now.stamp) === undefined
  }
  return isNew(staged) && !isNew(path)
}

async function place(target: StagedTarget, ports: Ports): Promise<boolean> {
  const replaced = ports.disk.stat(target.path) !== undefined
  if (replaced) await ports.writer.exchange(target.staged, target.path)
  else await ports.writer.rename(target.staged, target.path)
  return replaced
}

/** A power cut must not leave the old targets where the journal knows of the new ones: they would be taken for edited. */
async function settlePlaces({ targets }: AttemptState, { writer }: Ports): Promise<void> {
  for (const folder of new Set(targets.map(({ path }) => parentOf(path)))) {
    await writer.flushNames(folder, { before: places.state })
  }
}

async function putBack(target: StagedTarget, replaced: boolean, ports: Ports): Promise<void> {
  if (replaced) await ports.writer.exchange(target.staged, target.path)
  else await ports.writer.rename(target.path, target.staged)
}

/** Clears away after all is in place and in the journal. A fault here is no failure: the next labmake clears away. */
async function finishCommit(
  state: AttemptState,
  ports: Ports,
): Promise<{ attic: string | undefined; fault: DiskFault | undefined }> {
  let attic: string | undefined
  const fault = await faultOf(async () => {
    for (const target of state.targets) {
      const { path, staged } = target
      // The second where labmake was killed in the middle of an exchange.
      const old = [staged, `${staged}${exchangeSuffix}`].find((at) => mustKeep(target, at, state, ports))
      if (old === undefined) continue
      const kept = inAttic(state, path, ports)
      await ports.writer.move(old, kept)
      attic = kept
    }
    await removeStaging(state, ports)
    await ports.attempts.remove(state.slug)
  })
  return { attic, fault }
}

/** By the time; where that is taken, by two attempts in a second or a clock that was set back, by the attempt too. */
function inAttic({ startedMs, slug }: AttemptState, path: string, { disk }: Ports): string {
  const byTime = `${places.attic}/${fileTime(startedMs)}`
  return disk.stat(`${byTime}/${path}`) === undefined ? `${byTime}/${path}` : `${byTime}-${slug}/${path}`
}

/** May what was replaced, and lies at `at` now, hold a person's work? Also where somebody worked on it up to the last moment. */
function mustKeep(
  { path, isFolder, keepOld }: StagedTarget,
  at: string,
  { ignore, before: { targets } }: AttemptState,
  ports: Ports,
): boolean {
  const kind = ports.disk.stat(at)?.kind
  // A file where the rule makes a folder was never made by a recipe.
  if (kind !== (isFolder ? 'folder' : 'file')) return kind !== undefined
  const old = surveyDisk(ports.disk).snapshot(at, { isFolder, ignore })
  if (old.status !== 'there') return old.status === 'unreadable'
  const before = targets[path]
  return keepOld || before === undefined || compareStamps(path, before, old.stamp) !== undefined
}

async function removeStaging(state: AttemptState, ports: Ports): Promise<void> {
  for (const folder of new Set(state.targets.map((t) => t.folder))) await ports.writer.remove(folder)
}

/**
 * Puts what a failed or cancelled attempt wrote aside, in place of what the job's attempt before left there: one is
 * enough to see what went wrong, and a backlog of them would fill the disk. Returns the fault if that was not possible;
 * the leftovers then stay in their staging folder, where they count for nothing. What is written down of the attempt stays:
 * it goes once the journal has its end, for a kill in between must not make it run again as if it never had.
 */
export async function putAside(state: AttemptState, ports: Ports): Promise<DiskFault | undefined> {
  const aside = `${places.attempts}/${state.job}`
  return faultOf(async () => {
    const there = state.targets.filter(({ staged }) => ports.disk.stat(staged) !== undefined)
    // Where nothing is left to be moved, it may lie there already.
    if (there.length > 0) await ports.writer.remove(aside)
    for (const { path, staged } of there) {
      const isTwin = state.targets.some((other) => other.path !== path && baseName(other.path) === baseName(path))
      await ports.writer.move(staged, `${aside}/${isTwin ? path : baseName(path)}`)
    }
    await removeStaging(state, ports)
  })
}

/** Clears away what was written down of an attempt whose end the journal has. Returns the fault if that was not possible. */
export async function forget(state: AttemptState, ports: Ports): Promise<DiskFault | undefined> {
  return faultOf(async () => {
    await removeStaging(state, ports)
    await ports.attempts.remove(state.slug)
  })
}

const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1)
const parentOf = (path: string) => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.')

/** Does something to the disk. Returns its fault; undefined if it went well. */
export async function faultOf(act: () => Promise<void>): Promise<DiskFault | undefined> {
  try {
    await act()
    return undefined
  } catch (fault) {
    if (fault instanceof DiskFault) return fault
    throw fault
  }
}
