import { describe, expect, test } from 'vitest'
import { holdersText, pausedText, shortText, usedText } from '../../src/core/poolText.ts'
import type { BoardPool, SharedUse } from '../../src/model/board.ts'
import type { PoolUnit } from '../../src/model/rule.ts'
import { job, statuses } from '../ui/boards.ts'

const shared = (...roots: string[]): SharedUse => {
  return { usedByOthers: roots.length, holders: roots.map((root) => ({ root, user: 'ana', slots: 1 })) }
}

test('a pool is its slots that are used, of all; and how many of them elsewhere', () => {
  expect(usedText(1, { slots: 2, counts: 'slots' })).toBe('1/2')
  expect(usedText(1, { slots: 2, counts: 'slots', shared: shared() })).toBe('1/2')
  expect(usedText(2, { slots: 2, counts: 'slots', shared: shared('/srv/other') })).toBe('2/2 (1 elsewhere)')
})

const gb = 1e9

test('a pool that counts memory is what is used, of all, in one unit', () => {
  const ram = { slots: 64 * gb, counts: 'bytes' } as const
  expect(usedText(24 * gb, ram)).toBe('24 of 64 GB')
  const others = { usedByOthers: 12 * gb, holders: [{ root: '/srv/other', user: 'ana', slots: 12 * gb }] }
  expect(usedText(36 * gb, { ...ram, shared: others })).toBe('36 of 64 GB (12 GB elsewhere)')
})

describe('what a job waits for', () => {
  const pool = (slots: number, counts: PoolUnit, shared?: SharedUse): BoardPool => {
    return { name: 'ram', slots, declared: slots, counts, pausedBy: undefined, ...(shared && { shared }) }
  }
  const waits = (needs: number, used: number, ram: BoardPool) => {
    const asking = job('denoise', 'B1', statuses.queued, { pools: { ram: needs } })
    return shortText(asking, new Map([['ram', ram]]), new Map([['ram', used]]))
  }

  test('is slots that are taken, or memory that is not free', () => {
    expect(waits(1, 2, pool(2, 'slots'))).toBe('waits for ram: 2/2 busy')
    expect(waits(12 * gb, 60 * gb, pool(64 * gb, 'bytes'))).toBe('waits for 12 GB of ram: 4 of 64 GB are free')
  })

  test('is nothing where it fits', () => {
    expect(waits(1, 1, pool(2, 'slots'))).toBeUndefined()
    expect(waits(4 * gb, 60 * gb, pool(64 * gb, 'bytes'))).toBeUndefined()
  })

  test('is all of a pool where a person made it smaller than what is taken', () => {
    expect(waits(12 * gb, 60 * gb, pool(32 * gb, 'bytes'))).toBe('waits for 12 GB of ram: 0 of 32 GB are free')
  })

  test('is more than there is where a person made the pool smaller than what it asks for', () => {
    expect(waits(12 * gb, 0, pool(8 * gb, 'bytes'))).toBe('waits for 12 GB of ram, which has 8 GB now')
  })

  test('names who has it', () => {
    const ben = { usedByOthers: 48 * gb, holders: [{ root: '/srv/ben', user: 'ben', slots: 48 * gb }] }
    expect(waits(12 * gb, 60 * gb, pool(64 * gb, 'bytes', ben))).toBe(
      'waits for 12 GB of ram: 4 of 64 GB are free, 48 GB are taken in /srv/ben (ben)',
    )
  })

  test('is a person, where the pool is paused', () => {
    const asking = job('denoise', 'B1', statuses.queued, { pools: { cpu: 1, ram: 1 } })
    const pools = new Map([['ram', { ...pool(2, 'slots'), pausedBy: 'ana' }]])
    expect(pausedText(asking, pools)).toBe('ram is paused by ana')
    expect(pausedText(asking, new Map([['ram', pool(2, 'slots')]]))).toBeUndefined()
  })
})

test('who has the slots is named once, and many are counted', () => {
  expect(holdersText(undefined)).toBe('')
  expect(holdersText(shared())).toBe('')
  expect(holdersText(shared('/srv/other', '/srv/other'))).toBe(' in /srv/other (ana)')
  expect(holdersText(shared('/a', '/b', '/c'))).toBe(' in /a (ana) and /b (ana) and /c (ana)')
  expect(holdersText(shared('/a', '/b', '/c', '/d'))).toBe(' in /a (ana) and /b (ana) and 2 more workspaces')
})
