import { existsSync, readdirSync } from 'node:fs'
import { inboxFolder, isDropName } from '../core/dropNames.ts'
import { stagingPrefix } from '../core/names.ts'
import type { Engine } from '../engine/engine.ts'
import type { Intake } from '../engine/intake.ts'
import type { Ports } from '../engine/ports.ts'
import { claimsFolder } from '../io/claims.ts'
import type { OpenWorkspace } from './workspace.ts'

/** Is there anything in the inbox, or left of taking it, for a run that only passes by? */
export function hasDrops(root: string): boolean {
  const isLeft = (name: string) => name.startsWith(stagingPrefix)
  const names = namesIn(`${root}/${inboxFolder}`)
  return names.some((name) => isDropName(name) || isLeft(name)) || namesIn(`${root}/${claimsFolder}`).length > 0
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

export interface DropOptions {
  readonly workspace: OpenWorkspace
  readonly ports: Ports
  /** Undefined where none runs: a person takes a drop by hand. */
  readonly engine: Pick<Engine, 'tell' | 'board'> | undefined
  /** Something that took long has ended: the inbox is to be looked at. */
  readonly wake: () => void
  /** See IntakeOptions. */
  readonly isPatient?: boolean
}

/** The intake of a workspace whose lock is held, after it finished what an earlier labmake left in the middle. */
export async function openDrops({ workspace, ports, engine, wake, isPatient = false }: DropOptions): Promise<Intake> {
  const [{ openIntake }, { openInbox }, { openClaims }] = await Promise.all([
    import('../engine/intake.ts'),
    import('../io/inbox.ts'),
    import('../io/claims.ts'),
  ])
  const { root } = workspace
  const intake = openIntake({
    ports: { ...ports, inbox: openInbox(root), claims: openClaims(root) },
    rules: () => workspace.ruleSet,
    batches: () => knownBatches(workspace, engine),
    records: workspace.journal.drops(),
    emit: (event) => engine?.tell(event),
    wake,
    isPatient,
  })
  await intake.recover()
  return intake
}

/** Of an engine that has not planned yet, those of a plan. */
function knownBatches(workspace: OpenWorkspace, engine: Pick<Engine, 'board'> | undefined): Iterable<string> {
  const jobs = [...(engine?.board().jobs.values() ?? [])]
  const names = jobs.flatMap((job) => job.batch ?? [])
  return jobs.length > 0 ? names : workspace.jobs().flatMap(({ batch }) => batch ?? [])
}
