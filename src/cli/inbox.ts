import { claimFolder, inboxFolder, rejectedFolder } from '../core/dropNames.ts'
import { conflictHint, dropStateText } from '../core/dropText.ts'
import { formatSeconds } from '../core/durations.ts'
import { byName, stagingPrefix } from '../core/names.ts'
import { shownCommand } from '../core/recipe.ts'
import { rejectedState, rejections } from '../core/rejections.ts'
import { settlingAtOnce, settlingState } from '../core/settling.ts'
import { plural, sizeText } from '../core/sizes.ts'
import { openInbox } from '../io/inbox.ts'
import { userName } from '../io/lock.ts'
import type { Action, ActionResult } from '../model/action.ts'
import type { Drop, DropState } from '../model/board.ts'
import { UserError } from '../model/errors.ts'
import { say } from './act.ts'
import { joinEngine } from './join.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { openPorts, withLock } from './ports.ts'
import { openAsKnown } from './recall.ts'
import { type Color, paint, printable, type Style, styleOf } from './terminal.ts'
import { type OpenWorkspace, openWorkspace } from './workspace.ts'

/** `labmake inbox`: what arrives, settles, was refused or waits for a decision. */
export async function inboxCommand(options: CommonOptions): Promise<ExitCode> {
  const workspace = await openAsKnown(options.directory)
  const client = await joinEngine(workspace.root)
  const board = await client?.board()
  const drops = board === undefined ? await lookAtInbox(workspace) : [...board.drops.values()]
  const nowMs = Date.now()
  if (options.json) {
    process.stdout.write(`${JSON.stringify(inboxJson(drops, nowMs))}\n`)
    return exitCodes.fine
  }
  const { quietMs } = board ?? workspace.ruleSet
  const lines = inboxLines(drops, { nowMs, quietMs, style: styleOf(process.stdout, options.color) })
  if (client === undefined && drops.some(({ state }) => isOnItsWay(state))) {
    lines.push('No engine runs here: labmake takes what is whole when it is run, labmake watch as soon as it is.')
  }
  process.stdout.write(`${lines.join('\n')}\n`)
  return exitCodes.fine
}

export interface TakeOptions extends CommonOptions {
  readonly replace: boolean
  readonly as: string | undefined
}

/** `labmake inbox take NAME [--replace | --as OTHER]`: asks the engine, or does it where none runs. */
export async function inboxTakeCommand(drop: string, options: TakeOptions): Promise<ExitCode> {
  if (options.replace && options.as !== undefined) {
    throw new UserError('--replace and --as mean different things', {
      hint: '--replace puts the drop in the place of what is here; --as keeps both.',
    })
  }
  const how = options.replace ? 'replace' : options.as === undefined ? 'as-it-is' : { as: options.as }
  const workspace = await openWorkspace(options.directory)
  const client = await joinEngine(workspace.root)
  const result =
    client === undefined ? await takeHere(workspace, drop, how) : await client.act({ type: 'take', drop, how })
  return say(result, options)
}

async function takeHere(
  workspace: OpenWorkspace,
  drop: string,
  how: Extract<Action, { type: 'take' }>['how'],
): Promise<ActionResult> {
  const nobodyLost = () => {}
  return withLock(workspace, nobodyLost, async () => {
    const { openDrops } = await import('./drops.ts')
    const ports = await openPorts(workspace, { stays: false, startsSoon: false })
    const intake = await openDrops({ workspace, ports, engine: undefined, wake: () => {}, isPatient: true })
    const result = await intake.take(drop, how, userName())
    await intake.idle()
    return result
  })
}

/** What lies in the inbox, by one look that changes nothing: for when no engine runs. */
export async function lookAtInbox({ root, ruleSet, disk, journal }: OpenWorkspace): Promise<Drop[]> {
  const inbox = openInbox(root)
  const nowMs = Date.now()
  const { quietMs } = ruleSet
  const drops = (await inbox.drops()).map(({ name, picture }): Drop => {
    const settling = settlingAtOnce(picture, nowMs, quietMs)
    const { stillMs, sinceMs } = settling
    const state = settlingState(settling, quietMs)
    const { files, bytes } = picture
    return { name, files, bytes, state: state === 'whole' ? { kind: 'settling', stillMs, quietMs, sinceMs } : state }
  })
  const here = new Set(drops.map(({ name }) => name))
  const add = async (name: string, folder: string, state: DropState) => {
    const picture = await inbox.picture(`${folder}/${name}`)
    // One in the inbox hides another of its name that was refused earlier, as on the board of an engine.
    if (picture === undefined || here.has(name)) return
    here.add(name)
    drops.push({ name, files: picture.files, bytes: picture.bytes, state })
  }
  for (const folder of (disk.names(inboxFolder) ?? []).filter((name) => name.startsWith(stagingPrefix))) {
    const claimed = claimFolder(folder.slice(stagingPrefix.length))
    for (const name of disk.names(claimed) ?? []) await add(name, claimed, { kind: 'taking' })
  }
  const rejected = await inbox.rejected()
  const known = rejected.length === 0 ? undefined : rejections(journal.drops())
  for (const name of rejected) await add(name, rejectedFolder, rejectedState(known?.get(name)))
  return drops
}

const rank: Readonly<Record<DropState['kind'], number>> = {
  conflict: 0,
  refused: 1,
  stalled: 2,
  arriving: 3,
  settling: 4,
  taking: 5,
}

const colors: Readonly<Partial<Record<DropState['kind'], Color>>> = {
  conflict: 'magenta',
  refused: 'red',
  stalled: 'yellow',
  taking: 'cyan',
}

const isOnItsWay = ({ kind }: DropState) => kind === 'arriving' || kind === 'settling' || kind === 'taking'

/** What needs a person first; by name among their like. */
const inOrder = (drops: readonly Drop[]) =>
  [...drops].sort((a, b) => rank[a.state.kind] - rank[b.state.kind] || byName(a.name, b.name))

export interface InboxLook {
  readonly nowMs: number
  readonly quietMs: number
  readonly style: Style
}

/** The inbox as a person reads it: a line for each drop, and what to do about it. */
export function inboxLines(drops: readonly Drop[], { nowMs, quietMs, style }: InboxLook): string[] {
  if (drops.length === 0) {
    const still = formatSeconds(quietMs / 1000)
    return [
      'The inbox is empty. Drop a recording folder or a table of batches into inbox/: it is taken once it was',
      `still for ${still}, or at once when a file READY is put into the folder last.`,
    ]
  }
  const width = Math.min(40, Math.max(...drops.map(({ name }) => printable(name).length)))
  return inOrder(drops).flatMap((drop) => {
    const { name, state } = drop
    const color = colors[state.kind]
    const word = state.kind.padEnd(8)
    const size = `${plural(drop.files, 'file')}, ${sizeText(drop.bytes)}`
    const why = printable(dropStateText(state, nowMs))
    const line = `${color === undefined ? word : paint(style, color, word)}  ${printable(name).padEnd(width)}  ${size.padEnd(18)}  ${why}`
    const hint = dropHint(drop)
    return hint === undefined ? [line] : [line, `    ${paint(style, 'grey', printable(hint))}`]
  })
}

/** What a person may do about a drop; undefined where labmake goes on by itself. */
function dropHint({ name, state }: Drop): string | undefined {
  const take = shownCommand(['labmake', 'inbox', 'take', name])
  switch (state.kind) {
    case 'conflict':
      return conflictHint(name)
    case 'refused':
      return [state.hint, `It lies in ${rejectedFolder}/. Once all is well: ${take}`].filter(Boolean).join(' ')
    case 'stalled':
      return `To take it as it is: ${take}`
    default:
      return undefined
  }
}

/** The inbox for programs, as `status --json` shows it too. Times are ISO 8601. */
export function inboxJson(drops: readonly Drop[], nowMs: number): object[] {
  return inOrder(drops).map((drop) => {
    const { name, files, bytes, state } = drop
    const hint = dropHint(drop)
    return {
      name,
      state: state.kind,
      reason: dropStateText(state, nowMs),
      ...(hint === undefined ? {} : { hint }),
      files,
      bytes,
      ...('atMs' in state && state.atMs > 0 ? { at: new Date(state.atMs).toISOString() } : {}),
    }
  })
}
