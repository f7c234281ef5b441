import { distinctFaults, faultKey } from '../core/faults.ts'
import { byName } from '../core/names.ts'
import type { Outline } from '../core/outline.ts'
import type { Clash } from '../core/producers.ts'
import type { Fault } from '../model/errors.ts'
import type { Orphan } from '../model/plan.ts'
import type { PlannedGraph, Scope } from './book.ts'

/** A slice takes about so long, with taking it over. */
const sliceMs = 4
/** More in one slice saves nothing more. */
const largestSlice = 256

/** What a plan of everything says beside the jobs. */
export interface SweepEnd {
  readonly orphaned: readonly Orphan[]
  /** All of them; those of the graph are among them. */
  readonly faults: readonly Fault[]
  readonly graphFaults: readonly Fault[]
  readonly warnings: readonly Fault[]
}

export interface SweepOptions {
  readonly outline: Generator<undefined, Outline, undefined>
  readonly plan: (scope: Scope) => PlannedGraph
  /** Batches that the engine has jobs of: of what is gone, no name is found. */
  readonly known: () => Iterable<string>
  readonly now: () => number
}

export type SweepStep =
  /** Names are still being looked for. */
  | { readonly kind: 'looked' }
  | { readonly kind: 'planned'; readonly planned: PlannedGraph }
  /** Other rules are in force by now: it has to begin anew. */
  | { readonly kind: 'outdated' }
  | { readonly kind: 'over'; readonly end: SweepEnd }

/**
 * A plan of everything, made of plans of some batches at a time, with the engine's other work between two of them. Where the
 * rules keep batches apart (core/scope) it comes to the same.
 */
export class Sweep {
  private readonly options: SweepOptions
  private outline: Outline | undefined
  /** Batches that are not planned yet, the next one last. */
  private left: string[] = []
  private readonly done = new Set<string>()
  /** Doubles as long as that is quick. */
  private size = 1
  private beganMs: number
  private readonly orphans = new Map<string, readonly Orphan[]>()
  private readonly clashes = new Map<string, Clash>()
  private readonly faults = new Map<string, Fault>()
  private readonly graphFaults = new Map<string, Fault>()
  private readonly warnings = new Map<string, Fault>()

  constructor(options: SweepOptions) {
    this.options = options
    this.beganMs = options.now()
  }

  /** Batches that are planned, and how many there are; undefined while they are being counted. */
  get progress(): { readonly planned: number; readonly of: number } | undefined {
    if (this.outline === undefined) return undefined
    return { planned: this.done.size, of: this.done.size + this.left.length }
  }

  next(): SweepStep {
    if (this.outline === undefined) return this.lookOn()
    this.adapt()
    const scope = new Set<string>()
    while (scope.size < this.size && this.left.length > 0) {
      const name = this.left.pop()!
      if (!this.done.has(name)) scope.add(name)
    }
    if (scope.size === 0) return { kind: 'over', end: this.end() }
    const planned = this.options.plan(scope)
    if (planned.scope === 'all' || planned.rules !== this.outline.rules) return { kind: 'outdated' }
    this.take(planned)
    return { kind: 'planned', planned }
  }

  /** Some batches were planned by themselves, or by this: what that says of them stands. */
  take({ plan, graph, scope }: PlannedGraph): void {
    if (scope === 'all') return
    for (const name of scope) {
      this.done.add(name)
      this.orphans.delete(name)
    }
    for (const orphan of plan.orphaned) {
      const name = orphan.batch ?? ''
      this.orphans.set(name, [...(this.orphans.get(name) ?? []), orphan])
    }
    const isClash = new Set([...graph.clashes.values()].map(({ fault }) => fault))
    for (const [pair, clash] of graph.clashes) {
      const known = this.clashes.get(pair)
      if (known === undefined || byName(clash.path, known.path) < 0) this.clashes.set(pair, clash)
    }
    for (const fault of graph.faults) if (!isClash.has(fault)) this.graphFaults.set(faultKey(fault), fault)
    for (const fault of plan.errors) if (!isClash.has(fault)) this.faults.set(faultKey(fault), fault)
    for (const warning of plan.warnings) this.warnings.set(faultKey(warning), warning)
  }

  private lookOn(): SweepStep {
    const step = this.options.outline.next()
    if (step.done === true) {
      this.outline = step.value
      const names = new Set([...step.value.names, ...this.options.known()])
      this.left = [...names].reverse()
      for (const fault of step.value.faults) this.graphFaults.set(faultKey(fault), fault)
    }
    this.beganMs = this.options.now()
    return { kind: 'looked' }
  }

  /** By how long the slice before took, from its plan to now. */
  private adapt(): void {
    const nowMs = this.options.now()
    const spentMs = nowMs - this.beganMs
    this.beganMs = nowMs
    if (spentMs > sliceMs) this.size = Math.max(1, this.size >> 1)
    else if (2 * spentMs < sliceMs) this.size = Math.min(largestSlice, 2 * this.size)
  }

  private end(): SweepEnd {
    const clashes = [...this.clashes.values()].map(({ fault }) => fault)
    const graphFaults = [...this.graphFaults.values(), ...clashes]
    const faults = [...this.faults.values(), ...graphFaults]
    return {
      orphaned: [...this.orphans.values()].flat(),
      faults: distinctFaults(faults),
      graphFaults,
      warnings: [...this.warnings.values()],
    }
  }
}
