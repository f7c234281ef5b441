import { chmodSync, readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import * as z from 'zod/mini'
import { printable } from '../core/printable.ts'
import {
  countsOtherwise,
  fewestSlots,
  maySharedTake,
  type SharedHost,
  type SharingLabmake,
  type SharingWorkspace,
} from '../core/sharedPools.ts'
import { invariant, UserError } from '../model/errors.ts'
import type { SharedLook, SharedPool, SharedSlots, SharedTrouble } from '../model/ports.ts'
import type { PoolSize } from '../model/rule.ts'
import { describeErrno } from './disk.ts'
import { giveBack, isOver, isRecipeGone, isTaken } from './grants.ts'
import { markProcess, mayRun } from './processes.ts'
import { openPlace, sharedPlace } from './sharedPlace.ts'
import { openSuccession, removeOwn } from './succession.ts'

/** Others may take slots in the same instant; this often that is tried again at once. */
const maxTries = 20
/** Who waits says so every second. One that stands still for longer than this keeps nobody waiting. */
const freshMs = 5_000

const processMark = z.object({ pid: z.int(), startTime: z.string(), bootId: z.string() })
const slots = z.record(z.string(), z.number())
/** A labmake that says nothing of it knows pools of slots alone. */
const bytesOf = z._default(z.array(z.string()), [])
/** Of other people: it goes to terminals. */
const text = z.pipe(z.string(), z.transform(printable))
const grantShape = z.object({
  id: z.string().check(z.regex(/^grant\.[0-9a-f-]{36}$/)),
  labmake: processMark,
  user: text,
  root: text,
  job: text,
  pools: slots,
  slots,
  bytesOf,
})
const stateShape = z.object({ version: z.literal(1), grants: z.array(grantShape) })
const labmakeShape = z.object({
  process: processMark,
  user: text,
  root: text,
  slots,
  bytesOf,
  wish: z.optional(z.object({ pools: slots, sinceMs: z.number() })),
})
type Grant = z.infer<typeof grantShape>

/**
 * Slots that all labmakes of the host share, as files: `state.N` says what is taken, `grant.ID` whose process has it, and
 * `labmake.ID` which labmakes there are, with the slots that their rule files give each pool. Nothing in it relies on
 * anybody's living on: see succession.ts for the state and grants.ts for when what was taken is free again.
 */
export function openSharedSlots(
  self: { readonly root: string; readonly user: string },
  place = sharedPlace,
): SharedSlots {
  const labmake = ownMark()
  const id = `labmake.${crypto.randomUUID()}`
  const own = new Set<string>()
  const succession = openSuccession(place)
  let declared: { readonly slots: Record<string, number>; readonly bytesOf: string[] } = { slots: {}, bytesOf: [] }
  let wish: SharingLabmake['wish']
  let said: string | undefined

  /** Says which pools we know, and what we wait for. */
  const say = () => {
    const saying = JSON.stringify({ process: labmake, ...self, ...declared, wish })
    if (saying === said) {
      if (wish !== undefined) utimesSync(`${place}/${id}`, new Date(), new Date())
      return
    }
    const aside = `${place}/new.${process.pid}.${crypto.randomUUID()}`
    writeFileSync(aside, saying, { flag: 'wx' })
    chmodSync(aside, 0o644)
    renameSync(aside, `${place}/${id}`)
    said = saying
  }
  const read = () => {
    const { number, text } = succession.newest()
    const grants = text === undefined ? [] : parseState(text)
    const live = grants.filter((grant) => isTaken(place, grant))
    return { number, grants, host: { grants: live, labmakes: readLabmakes(place) } }
  }
  const take = (grant: string, job: string, pools: Readonly<Record<string, number>>): boolean => {
    for (let tries = 0; tries < maxTries; tries++) {
      const { number, grants, host } = read()
      if (!maySharedTake({ pools, bytesOf: declared.bytesOf }, id, host)) return false
      const taken: Grant = { id: grant, labmake, ...self, job, pools, ...declared }
      const next = { version: 1, grants: [...(host.grants as Grant[]), taken] }
      if (!succession.follow(number, JSON.stringify(next))) continue
      const left = new Set(next.grants.map((g) => g.id))
      for (const gone of grants) {
        if (!left.has(gone.id) && isOver(place, gone, labmake)) removeOwn(`${place}/${gone.id}`)
      }
      return true
    }
    return false
  }
  const attempt = <T>(work: () => T): T | SharedTrouble => {
    const result = guarded(work)
    // The folder may be another one by the next look.
    if (isTrouble(result)) said = undefined
    return result
  }
  return {
    look(pools) {
      return attempt((): SharedLook => {
        if (said === undefined) {
          openPlace(place)
          tidy(place)
        }
        declared = declarationOf(pools)
        say()
        const { host, grants } = read()
        const others = grants.filter((grant) => !own.has(grant.id) && (host.grants as Grant[]).includes(grant))
        return {
          status: 'open',
          pools: new Map([...pools].map(([pool, n]) => [pool, poolOf(pool, n, host, others)])),
        }
      })
    },
    take({ job, pools }) {
      return attempt(() => {
        const grant = `grant.${crypto.randomUUID()}`
        try {
          if (!take(grant, job, Object.fromEntries(pools))) return { status: 'short' } as const
        } catch (error) {
          // It may be written down already that we have them.
          guarded(() => giveBack(place, grant))
          throw error
        }
        own.add(grant)
        wish = undefined
        return { status: 'taken', grant: `${place}/${grant}` } as const
      })
    },
    waitFor(pools) {
      const needs = pools === undefined ? undefined : Object.fromEntries(pools)
      if (needs === undefined) wish = undefined
      else wish = { pools: needs, sinceMs: wish?.sinceMs ?? Date.now() }
      attempt(() => {
        // Before the first look, or since the folder failed us, we are not there.
        if (said !== undefined) say()
      })
    },
    adopt: (grant) => void own.add(nameOf(grant)),
    give(grant) {
      own.delete(nameOf(grant))
      guarded(() => giveBack(place, nameOf(grant)))
    },
    close() {
      if (said !== undefined) removeOwn(`${place}/${id}`)
    },
  }
}

function ownMark() {
  const own = markProcess(process.pid)
  invariant(own !== undefined, 'the system tells of our own process')
  return own
}

const isTrouble = (result: unknown): result is SharedTrouble => {
  return typeof result === 'object' && result !== null && 'status' in result && result.status === 'shut'
}

/** Where the folder fails us, nothing is handed out. */
function guarded<T>(work: () => T): T | SharedTrouble {
  try {
    return work()
  } catch (error) {
    if (error instanceof UserError) return { status: 'shut', problem: error.message, hint: error.hint ?? '' }
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    const problem = `shared pools need the folder ${sharedPlace}: ${describeErrno(error)}`
    return { status: 'shut', problem, hint: 'Jobs that need shared slots wait until it can be written again.' }
  }
}

/** Throws UserError. */
function parseState(text: string): Grant[] {
  const state = z.safeParse(stateShape, parseJson(text))
  if (state.success) return state.data.grants
  throw new UserError(`what ${sharedPlace} says of shared slots is of another version of labmake`, {
    hint: 'Let all on this machine use the same version. Jobs that need shared slots wait until then.',
  })
}

function readLabmakes(place: string): SharingLabmake[] {
  return readdirSync(place).flatMap((id): SharingLabmake[] => {
    if (!id.startsWith('labmake.')) return []
    const said = readLabmake(place, id)
    if (said === undefined || !mayRun(said.process)) return []
    const { user, root, slots, bytesOf, wish, sinceMs } = said
    return [
      { id, user, root, slots, bytesOf, wish: wish !== undefined && Date.now() - sinceMs < freshMs ? wish : undefined },
    ]
  })
}

/** `sinceMs`: when it said so last. Undefined if it is gone, or nothing that we understand. */
function readLabmake(place: string, id: string) {
  try {
    const sinceMs = statSync(`${place}/${id}`).mtimeMs
    const said = z.safeParse(labmakeShape, parseJson(readFileSync(`${place}/${id}`, 'utf8')))
    return said.success ? { ...said.data, sinceMs } : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function declarationOf(pools: ReadonlyMap<string, PoolSize>) {
  return {
    slots: Object.fromEntries([...pools].map(([name, { slots }]) => [name, slots])),
    bytesOf: [...pools].flatMap(([name, { counts }]) => (counts === 'bytes' ? [name] : [])),
  }
}

function poolOf(pool: string, own: PoolSize, host: SharedHost, others: readonly Grant[]): SharedPool {
  const clash = countsOtherwise(pool, own.counts === 'bytes', host)
  if (clash !== undefined) {
    return { slots: own.slots, usedByOthers: 0, holders: [], differs: differing(clash, pool) }
  }
  const fewest = fewestSlots(pool, host)
  const holders = others.flatMap(({ user, root, pools }) => {
    const slots = pools[pool] ?? 0
    return slots === 0 ? [] : [{ user, root, slots }]
  })
  return {
    slots: Math.min(own.slots, fewest?.slots ?? own.slots),
    usedByOthers: holders.reduce((sum, { slots }) => sum + slots, 0),
    holders,
    differs: [...host.labmakes, ...host.grants].flatMap((other) => {
      return (other.slots[pool] ?? own.slots) === own.slots ? [] : [differing(other, pool)]
    })[0],
  }
}

function differing({ user, root, slots, bytesOf }: SharingWorkspace, pool: string): SharedPool['differs'] & object {
  return { user, root, slots: slots[pool]!, counts: bytesOf.includes(pool) ? 'bytes' : 'slots' }
}

/** Removes what labmakes of ours left that were killed. */
function tidy(place: string): void {
  const { text } = openSuccession(place).newest()
  const known = new Set(text === undefined ? [] : parseState(text).map(({ id }) => id))
  for (const name of readdirSync(place)) {
    const path = `${place}/${name}`
    if (name.startsWith('labmake.')) {
      const said = readLabmake(place, name)
      if (said !== undefined && !mayRun(said.process)) removeOwn(path)
    } else if (name.startsWith('grant.') && !known.has(name) && isRecipeGone(place, name)) removeOwn(path)
    else if (/^new\.\d+\./.test(name) && markProcess(Number.parseInt(name.slice(4), 10)) === undefined) removeOwn(path)
  }
}

const nameOf = (grant: string) => grant.slice(grant.lastIndexOf('/') + 1)
