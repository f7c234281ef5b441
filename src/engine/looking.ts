import type { Outline } from '../core/outline.ts'
import { canScope } from '../core/scope.ts'
import { assertNever } from '../model/errors.ts'
import type { Reading } from '../model/facade.ts'
import type { Clock } from '../model/ports.ts'
import type { Rule } from '../model/rule.ts'
import type { JobBook, PlannedGraph, Scope } from './book.ts'
import { type PlanningBudget, planningBudget } from './planningBudget.ts'
import { Sweep } from './sweep.ts'

/** How an engine looks at the disk. */
export interface LooksAtDisk {
  /** Makes a plan from the disk as it is now, of these batches or of more. `untouched`: of their files nobody told of a change. */
  readonly plan: (scope: Scope, untouched?: ReadonlySet<string>) => PlannedGraph
  /** Finds all batches that there may be; undefined where the rules do not keep them apart. */
  readonly outline: () => Generator<undefined, Outline, undefined> | undefined
  /** Takes up whatever the system has told of changes by now, and says whether there can be no others. */
  readonly catchUp: () => Promise<boolean>
}

export interface LookingContext {
  readonly book: JobBook
  /** A build ends, and looks at everything or not at all. */
  readonly stays: boolean
  readonly clock: Pick<Clock, 'steadyMs'>
  /** There is something to plan. */
  readonly rouse: () => void
}

/** What has changed of batches: `rows` of manifests alone, or files, and anything else. */
export type Changed = 'files' | 'rows'

/** Plans of much leave the turn to others after so long: nobody who talks to the engine, or waits for a job's start, notices. */
const turnMs = 6
/** Of batches that changed, so many are planned as one, and as long as the turn is not over twice as many as before. */
const fewBatches = 16

/** What has changed since an engine looked at it last, and the plans that calls for, in turns. */
export class Looking {
  private readonly options: LooksAtDisk
  private readonly context: LookingContext
  private known: readonly Rule[] = []
  private readonly changedBatches = new Set<string>()
  /** Those of them of which only rows of manifests have changed. */
  private readonly untouched = new Set<string>()
  private hasAllChanged = false
  /** A plan of some batches says nothing of faults of others that went with them. */
  private isDoubtful = false
  /** A plan of everything that is being made. */
  private sweep: Sweep | undefined
  private sweptMs = 0
  private hasRead = false
  /** Those who wait until all that has changed is planned: it is then planned at once, whatever that takes. */
  private readonly awaiting = new Set<() => void>()
  private isOver = false
  private readonly planning: PlanningBudget
  private begin: () => void = () => {}
  /** A first plan of everything was made, or the engine ended before. */
  readonly begun = new Promise<void>((resolve) => {
    this.begin = resolve
  })

  constructor(options: LooksAtDisk, context: LookingContext) {
    this.options = options
    this.context = context
    this.planning = planningBudget(context.clock)
  }

  /** As of the last plan. */
  get rules(): readonly Rule[] {
    return this.known
  }

  /** A first plan of everything was made. */
  get isRead(): boolean {
    return this.hasRead
  }

  /** As EngineFacade.reading. */
  get reading(): Reading | undefined {
    return this.hasRead ? undefined : (this.sweep?.progress ?? { planned: 0, of: undefined })
  }

  /** These have changed, and are planned anew by planChanges. */
  note(scope: Scope, what: Changed = 'files'): void {
    // A build was asked for by goals, which only a plan of everything can find.
    if (scope === 'all' || !this.context.stays) {
      this.hasAllChanged = true
      return
    }
    for (const batch of scope) {
      if (what === 'files') this.untouched.delete(batch)
      else if (!this.changedBatches.has(batch)) this.untouched.add(batch)
      this.changedBatches.add(batch)
    }
  }

  /** Plans all that has changed until now, whether anybody told of it or not. */
  async catchUp(): Promise<void> {
    const hasHeardAll = this.context.stays && (await this.options.catchUp())
    if (!hasHeardAll || this.isDoubtful) this.hasAllChanged = true
    if (!this.isBehind || this.isOver) return
    const planned = new Promise<void>((resolve) => this.awaiting.add(resolve))
    this.context.rouse()
    await planned
  }

  /** Is anything to be planned, now or later? */
  get isBehind(): boolean {
    return this.sweep !== undefined || this.hasAllChanged || this.changedBatches.size > 0
  }

  /** Begins with everything; of what is planned in turns these batches go first, whatever that takes. */
  lookFirst(first: (rules: readonly Rule[]) => ReadonlySet<string>): void {
    this.lookAtAll()
    const batches = first(this.known)
    if (this.sweep !== undefined && batches.size > 0) this.look(batches)
  }

  /** Plans what changed, or a part of it. Returns ms until the rest may be planned. */
  planChanges({ isStopping }: { readonly isStopping: boolean }): number | undefined {
    if (isStopping) this.sweep = undefined
    const inMs = isStopping ? undefined : this.planOn()
    if (!this.isBehind) this.answer()
    return inMs
  }

  /** Nothing is planned any more. */
  close(): void {
    this.isOver = true
    this.begin()
    this.answer()
  }

  private answer(): void {
    for (const planned of this.awaiting) planned()
    this.awaiting.clear()
  }

  /** Plans these batches. Returns whether there is more to do than before. */
  look(scope: Scope): boolean {
    const planned = this.options.plan(scope, this.untouchedOf(scope))
    const more = this.context.book.integrate(planned)
    this.known = planned.rules.rules
    if (planned.scope !== 'all') {
      this.sweep?.take(planned)
      if (this.context.book.hasFaults || planned.plan.errors.length > 0) this.isDoubtful = true
      for (const batch of scope) {
        this.changedBatches.delete(batch)
        this.untouched.delete(batch)
      }
      return more
    }
    this.isDoubtful = false
    this.hasAllChanged = false
    this.changedBatches.clear()
    this.untouched.clear()
    return more
  }

  /** Of a batch that a job of ours is at work at, files may be others before the system tells of it. */
  private untouchedOf(scope: Scope): ReadonlySet<string> {
    const { untouched, context } = this
    if (scope === 'all' || untouched.size === 0) return new Set()
    return new Set([...scope].filter((batch) => untouched.has(batch) && !context.book.isAtWork(batch)))
  }

  private planOn(): number | undefined {
    const batches = this.changedBatches
    if (this.sweep === undefined && batches.size === 0 && !this.hasAllChanged) return undefined
    const inMs = this.awaiting.size > 0 ? 0 : this.planning.waitMs()
    const isApart = canScope(this.known)
    if (isApart && batches.size > 0) this.lookAtChanged()
    const isForAll = this.hasAllChanged || (!isApart && batches.size > 0)
    if (this.sweep === undefined && isForAll && inMs <= 0) this.lookAtAll()
    if (this.sweep !== undefined) this.sweepOn(this.sweep)
    if (this.sweep !== undefined || (isApart && batches.size > 0)) return 0
    return batches.size > 0 || this.hasAllChanged ? inMs : undefined
  }

  /** Plans batches that changed, as many as fit into one turn: a manifest may name ten thousand. */
  private lookAtChanged(): void {
    const { changedBatches } = this
    const startMs = this.steadyMs()
    for (let most = fewBatches; changedBatches.size > 0; most *= 2) {
      const scope = new Set<string>()
      for (const name of changedBatches) if (scope.add(name).size === most) break
      this.look(scope)
      if (this.steadyMs() - startMs >= turnMs) return
    }
  }

  private lookAtAll(): void {
    const startMs = this.steadyMs()
    const outline = this.context.stays ? this.options.outline() : undefined
    if (outline === undefined) this.look('all')
    else {
      // Of no batch: what the rules say is in force at once.
      this.look(new Set())
      this.hasAllChanged = false
      this.isDoubtful = false
      const known = () => this.context.book.batches()
      this.sweep = new Sweep({ outline, plan: this.options.plan, known, now: () => this.steadyMs() })
      this.context.book.begin()
    }
    this.sweptMs = this.steadyMs() - startMs
    if (outline === undefined) this.hasLookedAtAll()
  }

  private hasLookedAtAll(): void {
    // The first one was not called for by any change.
    if (this.hasRead) this.planning.spend(this.sweptMs)
    this.hasRead = true
    this.begin()
  }

  /** As much of a plan of everything as fits into one turn: a small one as a whole. */
  private sweepOn(sweep: Sweep): void {
    const startMs = this.steadyMs()
    while (this.sweep === sweep && this.steadyMs() - startMs < turnMs) this.takeStep(sweep)
    this.sweptMs += this.steadyMs() - startMs
    if (this.sweep !== sweep) this.hasLookedAtAll()
  }

  private takeStep(sweep: Sweep): void {
    const step = sweep.next()
    switch (step.kind) {
      case 'looked':
        return
      case 'planned':
        this.context.book.integrate(step.planned, { isSlice: true })
        return
      case 'outdated':
        this.hasAllChanged = true
        this.sweep = undefined
        return
      case 'over':
        this.context.book.conclude(step.end)
        this.sweep = undefined
        return
      default:
        assertNever(step)
    }
  }

  private steadyMs(): number {
    return this.context.clock.steadyMs()
  }
}
