import { UserError } from '../model/errors.ts'
import type { PoolUnit, Rule } from '../model/rule.ts'
import { parseAmount } from './amounts.ts'
import { attempt, type DataPath, type Locate, type Report } from './ruleFaults.ts'
import type { RuleData, RuleFileData } from './ruleSchema.ts'

// Pools as a rule file declares them, and what its rules take of them.

export interface DeclaredPool {
  readonly name: string
  readonly slots: number | 'auto'
  readonly counts: PoolUnit
  readonly shared: boolean
  readonly where: string
}

type Written = NonNullable<RuleFileData['pools']>

/** The pools of a file; those at fault are left out. */
export function parsePools(written: Written, locate: Locate, report: Report): DeclaredPool[] {
  return Object.entries(written).flatMap(([name, pool]) => {
    const path = ['pools', name, ...(typeof pool === 'object' && pool.size !== undefined ? ['size'] : [])]
    const size = attempt(path, report, () => parsePoolSize(name, pool))
    return size === undefined ? [] : [{ name, ...size, where: locate(['pools', name], 'key').where }]
  })
}

/** Throws UserError. */
function parsePoolSize(name: string, written: Written[string]): Omit<DeclaredPool, 'name' | 'where'> {
  const { shared = false, ...given } =
    typeof written === 'object' ? written : isAmount(written) ? { size: written } : { slots: written }
  const { slots, size } = given
  if (slots !== undefined && size !== undefined) {
    throw new UserError(`the pool ${name} has slots or a size, not both`, {
      hint: 'A pool counts jobs (slots) or memory (size). A job may take of two pools at once.',
    })
  }
  if (slots !== undefined) return { slots, counts: 'slots', shared }
  if (size === undefined) {
    throw new UserError(`the pool ${name} does not say how much it has`, { hint: 'Add slots: 2, or size: 64GB.' })
  }
  if (name === 'cpu') {
    throw new UserError('the pool cpu cannot count memory: a rule that names no pool takes one slot of it', {
      hint: `Give it another name: pools: { ram: ${size} }`,
    })
  }
  return { slots: parseAmount(size), counts: 'bytes', shared }
}

const isAmount = (written: number | string): written is string => typeof written === 'string' && written !== 'auto'

/** What a rule takes of pools: one slot, so many slots, or an amount of memory. */
export function parseNeeds(written: RuleData['pool'], path: DataPath, report: Report): Pick<Rule, 'pools' | 'bytesOf'> {
  const asked = written === undefined ? { cpu: 1 } : typeof written === 'string' ? { [written]: 1 } : written
  const pools = new Map<string, number>()
  const bytesOf = new Set<string>()
  for (const [name, needed] of Object.entries(asked)) {
    if (typeof needed === 'string') bytesOf.add(name)
    // Of a faulty one nothing is used: it stands there so that {slots.ram} is no fault of its own.
    const slots = typeof needed === 'number' ? needed : attempt([...path, name], report, () => parseAmount(needed))
    pools.set(name, slots ?? 0)
  }
  return { pools, bytesOf }
}
