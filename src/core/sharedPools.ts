/** A workspace of the host, and what its rule files say of shared pools. */
export interface SharingWorkspace {
  readonly user: string
  /** Its folder. */
  readonly root: string
  /** Slots of each of them. */
  readonly slots: Readonly<Record<string, number>>
  /** Those that count memory: a slot is a byte. */
  readonly bytesOf: readonly string[]
}

/** What is taken of shared pools for one job, and by whom. The rule files are those of when it was taken. */
export interface SharedGrant extends SharingWorkspace {
  readonly job: string
  /** Slots taken of each pool. */
  readonly pools: Readonly<Record<string, number>>
}

/** A labmake of the host that knows of shared pools. */
export interface SharingLabmake extends SharingWorkspace {
  readonly id: string
  /** What its first job in line needs that could not be had; undefined if none waits. */
  readonly wish: SharedWish | undefined
}

export interface SharedWish {
  readonly pools: Readonly<Record<string, number>>
  /** ms since the epoch. */
  readonly sinceMs: number
}

/** Shared pools of the host, as all labmakes see them: what is taken, and who is there. */
export interface SharedHost {
  readonly grants: readonly SharedGrant[]
  readonly labmakes: readonly SharingLabmake[]
}

/** The workspace that gives a pool the fewest slots: these count. Undefined if none knows the pool. */
export function fewestSlots(
  pool: string,
  { grants, labmakes }: SharedHost,
): { readonly slots: number; readonly user: string; readonly root: string } | undefined {
  const said = [...labmakes, ...grants].filter(({ slots }) => slots[pool] !== undefined)
  const fewest = said.reduce<(typeof said)[number] | undefined>((least, next) => {
    return least === undefined || next.slots[pool]! < least.slots[pool]! ? next : least
  }, undefined)
  return fewest && { slots: fewest.slots[pool]!, user: fewest.user, root: fewest.root }
}

/**
 * Who counts slots in a pool where others count memory, or the other way round: these cannot be added, so that nothing of it can
 * be had until all that is taken and all rule files are of one kind. `isBytes`: what the others count.
 */
export function countsOtherwise(
  pool: string,
  isBytes: boolean,
  { grants, labmakes }: SharedHost,
): SharingWorkspace | undefined {
  return [...labmakes, ...grants].find(({ slots, bytesOf }) => {
    return slots[pool] !== undefined && bytesOf.includes(pool) !== isBytes
  })
}

/** Slots of several pools that are to be had at once. */
export interface SharedNeeds {
  readonly pools: Readonly<Record<string, number>>
  /** Those of them that count memory, for who asks. */
  readonly bytesOf: readonly string[]
}

/**
 * May the labmake `id` take these slots now? All or none; and whoever waits longer goes first, so that a labmake with a
 * long queue leaves something to the others. Its own slots are in `host`.
 */
export function maySharedTake({ pools, bytesOf }: SharedNeeds, id: string, host: SharedHost): boolean {
  const isClash = (pool: string) => countsOtherwise(pool, bytesOf.includes(pool), host) !== undefined
  if (Object.keys(pools).some(isClash)) return false
  const limit = (pool: string) => fewestSlots(pool, host)?.slots ?? 0
  const used = new Map<string, number>()
  const use = (needs: readonly (readonly [string, number])[]) => {
    for (const [pool, slots] of needs) used.set(pool, (used.get(pool) ?? 0) + slots)
  }
  for (const grant of host.grants) use(Object.entries(grant.pools))
  for (const wish of wishesBefore(id, host.labmakes)) {
    const needs = Object.entries(wish.pools)
    // What can never be had keeps nobody waiting; nor what cannot be had until somebody changes his rule files.
    if (needs.some(([pool, slots]) => slots > limit(pool) || isMixed(pool, host))) continue
    const lacking = needs.filter(([pool, slots]) => (used.get(pool) ?? 0) + slots > limit(pool))
    // Whoever waits for the GPU keeps nobody from memory that it cannot use yet.
    use(lacking.length > 0 ? lacking : needs)
  }
  return Object.entries(pools).every(([pool, slots]) => (used.get(pool) ?? 0) + slots <= limit(pool))
}

function isMixed(pool: string, host: SharedHost): boolean {
  return [true, false].every((isBytes) => countsOtherwise(pool, isBytes, host) !== undefined)
}

/** Wishes of others that are older than that of `id`, or all where it has none; the oldest first. */
function wishesBefore(id: string, labmakes: readonly SharingLabmake[]): SharedWish[] {
  const own = labmakes.find((labmake) => labmake.id === id)?.wish?.sinceMs ?? Number.POSITIVE_INFINITY
  return labmakes
    .flatMap((labmake) =>
      labmake.wish === undefined || labmake.id === id ? [] : [{ id: labmake.id, wish: labmake.wish }],
    )
    .filter((other) => other.wish.sinceMs < own || (other.wish.sinceMs === own && other.id < id))
    .sort((a, b) => a.wish.sinceMs - b.wish.sinceMs)
    .map(({ wish }) => wish)
}
