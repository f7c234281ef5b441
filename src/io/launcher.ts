import { appendFileSync, realpathSync } from 'node:fs'
import { stagingPrefix } from '../core/names.ts'
import type { AttemptState } from '../model/attempt.ts'
import { DiskFault, type Exit, type Launch, type Launcher, type Running } from '../model/ports.ts'
import type { Cause, Use } from '../model/record.ts'
import { runningFolder } from './attempts.ts'
import { explain } from './causes.ts'
import { commandFinder } from './commands.ts'
import { describeErrno } from './disk.ts'
import { type Limits, openEnding, signalFamily } from './ending.ts'
import { exitOf, readExit, secondsWritten } from './exits.ts'
import { attemptVariable, openFamilies, openForWriting } from './families.ts'
import { claimAttempt, isUnderWay, type Leader, leaderOf } from './leader.ts'
import { type Measured, openMeter } from './meter.ts'
import { ageMsOf, isOfThisBoot } from './processes.ts'
import { openStartShell } from './startShell.ts'
import { steadyMs } from './steady.ts'

/** Between asking a recipe to end and killing it: time to write down where it was. */
const graceMs = 10_000
/** How often a recipe that another labmake started is looked at: nothing tells us of its end. */
const adoptedPollMs = 200
/** Of one of ours its end is told, if not everybody was killed who could. */
const ownPollMs = 1000

/** A recipe under way. */
interface UnderWay {
  readonly slug: string
  readonly leader: Leader
  readonly log: string
  /** By `steadyMs()`, also of one that began before this process. */
  readonly beganMs: number
  readonly limits: Limits
  readonly pollMs: number
  /** Its exit status, where somebody tells it. */
  readonly told: Promise<string> | undefined
}

export interface LauncherOptions {
  readonly graceMs?: number
  /** There is something to start: what starts it gets ready meanwhile. */
  readonly isSoon?: boolean
}

/** Starts recipes in the folder `root`, each leading a session and process group of its own. */
export function openLauncher(
  root: string,
  { graceMs: grace = graceMs, isSoon = false }: LauncherOptions = {},
): Launcher {
  const shell = openStartShell(root)
  if (isSoon) shell.open()
  const families = openFamilies()
  const meter = openMeter(families)
  const findCommand = commandFinder(root)
  const folderOf = (slug: string) => `${runningFolder}/${slug}`

  async function start(launch: Launch): Promise<Running> {
    const { slug, words, log, title, timeoutMs, grant = '' } = launch
    const [typed = ''] = words
    const command = findCommand(typed)
    if (command === undefined) return ended(failed(noCommand(typed)))
    write(log, () => appendFileSync(`${root}/${log}`, `$ ${title}\n`))
    const environment = { ...launch.environment, [attemptVariable]: slug }
    const begun = await shell.begin({ slug, log, words: [command, ...words.slice(1)], environment, grant })
    if (begun.status === 'not-begun') return ended(failed({ kind: 'no-start', problem: begun.problem }))
    const limits = { timeoutMs, leftMs: timeoutMs, grace }
    const { leader, exitStatus: told } = begun
    return follow({ slug, leader, log, beganMs: steadyMs(), limits, pollMs: ownPollMs, told })
  }

  /** An attempt of an earlier labmake: watched by its process, ended by its exit file, lost if both are gone. */
  function adopt({ slug, process, log, startedMs, timeoutMs }: AttemptState): Running | undefined {
    const folder = `${root}/${folderOf(slug)}`
    const leader = process === undefined ? claimAttempt(folder) : (leaderOf(folder) ?? { mark: process })
    if (leader === 'never-begun') return undefined
    // What it wrote, its exit too, may have come to the disk in part only.
    if (!isOfThisBoot(leader.mark)) return ended(lost)
    const ranMs = ageMsOf(leader.mark) ?? Math.max(0, Date.now() - startedMs)
    const leftMs = timeoutMs === undefined ? undefined : Math.max(0, timeoutMs - ranMs)
    const limits = { timeoutMs, leftMs, grace }
    const beganMs = steadyMs() - ranMs
    const underWay = { slug, leader, log, beganMs, limits, pollMs: adoptedPollMs, told: undefined }
    if (!isOver(folder, leader)) return follow(underWay)
    families.add(leader.mark, slug)
    families.look()
    const seconds = secondsWritten(folder)
    return ended({ ...conclude(underWay, unseen), ...(seconds === undefined ? {} : { seconds }) })
  }

  function follow(underWay: UnderWay): Running {
    const { slug, leader, log, beganMs, limits, pollMs, told } = underWay
    const { pid } = leader.mark
    const folder = `${root}/${folderOf(slug)}`
    families.add(leader.mark, slug)
    const isAdopted = told === undefined
    const measuring = meter.start({ leader: pid, folder, log: `${root}/${log}`, beganMs, isAdopted })
    const ending = openEnding(leader.mark, families, limits, () => measuring.sample())
    const status = new Promise<string | undefined>((resolve) => {
      const timer = setInterval(() => isOver(folder, leader) && over(undefined), pollMs)
      const over = (toldStatus: string | undefined) => {
        clearInterval(timer)
        resolve(toldStatus)
      }
      void told?.then(over)
    })
    const ended = status.then((toldStatus) => {
      ending.over()
      return { toldStatus, because: ending.because, seconds: (steadyMs() - beganMs) / 1000 }
    })
    const exit = ended.then(async ({ toldStatus, because, seconds }) => {
      await families.lookSoon()
      return { ...conclude(underWay, measuring.end(), toldStatus, because), seconds }
    })
    const isContent = ended.then(({ toldStatus, because }) => toldStatus === '0' && because === undefined)
    return { process: leader.mark, ended: isContent, exit, cancel: ending.end }
  }

  /** After a look at who is there. */
  function conclude({ slug, leader, log }: UnderWay, measured: Measured, told?: string, because?: Exit): Exit {
    const { pid } = leader.mark
    // On a full disk nothing can be written down, and what is told tells the same.
    const written = readExit(`${root}/${folderOf(slug)}`)
    const status = written?.status ?? told
    const use = together(measured.use, written?.use ?? {})
    const exit = status === undefined ? lost : exitOf(status)
    const left = families.members(pid).map((member) => member.pid)
    const writer = openForWriting(left, `${stagingPrefix}${slug}`)
    // It would write on to files that are about to be moved, or beside the next attempt.
    if (writer !== undefined || wasStruck(exit)) signalFamily(leader.mark, families, 'SIGKILL')
    families.remove(pid)
    if (because !== undefined) return { ...because, use }
    if (exit.status === 'failed') return { ...exit, cause: explain(exit.cause, root, log, { ...measured, use }), use }
    if (writer === undefined) return { ...exit, use }
    const path = writer.path.replace(`${stagingPrefix}${slug}/`, '').replace(`${realpathSync(root)}/`, '')
    return { ...failed({ kind: 'still-writing', path, process: writer.name }), use }
  }

  return { start, adopt }
}

const failed = (cause: Cause) => ({ status: 'failed', cause }) as const

const lost = failed({ kind: 'lost' })

/** It did not end by itself, so that it could not end what it had started. */
const wasStruck = (exit: Exit) =>
  exit.status === 'failed' && (exit.cause.kind === 'signal' || exit.cause.kind === 'lost')

function write(path: string, act: () => void): void {
  try {
    act()
  } catch (error) {
    throw new DiskFault('write', path, describeErrno(error))
  }
}

const noCommand = (command: string): Cause => ({
  kind: 'no-command',
  command,
  problem: 'there is no such command here',
})

/** Of one that ended while nobody was there: what was seen of its memory until then may not be the most it had. */
const unseen: Measured = { use: {}, oomKilled: () => undefined }

function ended(exit: Exit): Running {
  const over = Promise.resolve(exit)
  return { process: undefined, ended: over.then(({ status }) => status === 'done'), exit: over, cancel: () => {} }
}

const isOver = (folder: string, leader: Leader) => readExit(folder) !== undefined || !isUnderWay(leader)

/** What was written down at the end lacks what nobody waited for; what was seen lacks what came after. */
function together(seen: Use, written: Use): Use {
  const keys = ['cpuSeconds', 'peakBytes', 'readBytes', 'writtenBytes'] as const
  const known = keys.flatMap((key) => {
    const values = [seen[key], written[key]].filter((value) => value !== undefined)
    return values.length === 0 ? [] : [[key, Math.max(...values)]]
  })
  return Object.fromEntries(known)
}
