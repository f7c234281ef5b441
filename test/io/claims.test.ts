import { expect, test } from 'vitest'
import { openClaims } from '../../src/io/claims.ts'
import type { Claim } from '../../src/model/inbox.ts'
import { DiskFault } from '../../src/model/ports.ts'
import { workspace } from '../workspace.ts'

function claim(slug: string, copied?: string): Claim {
  const staging = `data/mat/.labmake-${slug}`
  const move = { from: 'inbox/.labmake-1/B1', to: 'data/mat/B1', batch: 'B1', staging, replaced: undefined, copied }
  return {
    slug,
    folder: `inbox/.labmake-${slug}`,
    drop: 'B1',
    moves: [move],
    rejected: undefined,
    oldWhy: undefined,
    attic: '.labmake/attic/2026/inbox',
    record: {
      type: 'drop',
      at: '2026-01-05T08:00:00.000Z',
      drop: 'B1',
      outcome: { kind: 'taken', stored: ['data/mat/B1/'], files: 1, bytes: 1 },
    },
  }
}

test('a claim is found by the next labmake as it was written last, until it is removed', async () => {
  await using ws = await workspace()
  const claims = openClaims(ws.root)
  expect(claims.left()).toEqual([])
  await claims.write(claim('one'))
  await claims.write(claim('two'))
  await claims.write(claim('one', '1 0 1 5 7'))
  await claims.remove('two')
  await claims.remove('never')
  expect(
    openClaims(ws.root)
      .left()
      .map(({ slug, moves }) => `${slug} ${moves[0]?.copied}`),
  ).toEqual(['one 1 0 1 5 7'])
})

test('what was never finished writing was not begun', async () => {
  await using ws = await workspace({ '.labmake/claims/one.json.new': '{"slug":' })
  expect(openClaims(ws.root).left()).toEqual([])
  expect(ws.list('.labmake/claims')).toEqual([])
})

test('where it cannot be written is a fault', async () => {
  await using ws = await workspace({ '.labmake': 'a file' })
  await expect(openClaims(ws.root).write(claim('one'))).rejects.toThrow(DiskFault)
})
