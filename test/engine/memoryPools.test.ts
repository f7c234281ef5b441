import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AttemptState } from '../../src/model/attempt.ts'
import { type Lab, lab, settled } from '../fakes/lab.ts'
import { nextEngine, watching } from '../fakes/watching.ts'

// Pools of an amount of memory, where others have slots.

const gb = 1e9
const denoise = {
  sources: 'mat/{batch}',
  targets: 'kwd/{batch}',
  pool: { ram: '12GB' },
  recipe: 'd {source} {target}',
}
const other = { sources: 'mat/{batch}', targets: 'other/{batch}', pool: { cpu: 1 }, recipe: 'o {source} {target}' }
const mats = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`mat/B${i + 1}`, '']))
const content = { pools: { ram: '30GB', cpu: 1 }, rules: { denoise } }
/** The same where ram has slots, as it was written before. */
const inSlots = { pools: { ram: 2, cpu: 1 }, rules: { denoise: { ...denoise, pool: { ram: 1 } } } }

const runs = (it: Lab) =>
  it.launcher
    .running()
    .map((r) => r.job)
    .sort()

test('as many run as their amounts fit into the pool, beside those that need none of it', async () => {
  const it = lab({ ...content, rules: { denoise, other } }, mats(4))
  const { end, board } = await watching(it)
  expect(runs(it)).toEqual(['denoise/B1', 'denoise/B2', 'other/B1'])
  expect(board().pools.get('ram')).toMatchObject({ slots: 30 * gb, counts: 'bytes' })
  expect(board().jobs.get('denoise/B1')!.pools).toEqual({ ram: 12 * gb })
  await end('denoise/B1')
  expect(runs(it)).toEqual(['denoise/B2', 'denoise/B3', 'other/B1'])
})

test('a small ask starts beside a big one that does not fit yet', async () => {
  const small = { ...denoise, targets: 'small/{batch}', pool: { ram: '5GB' } }
  const it = lab({ pools: { ram: '18GB' }, rules: { denoise: { ...denoise, priority: 1 }, small } }, mats(2))
  await watching(it)
  expect(runs(it)).toEqual(['denoise/B1', 'small/B1'])
})

test('a big ask is not starved by small ones that go on coming: what it needs is kept for it', async () => {
  const big = { ...denoise, sources: 'big/{batch}', targets: 'made/{batch}', pool: { ram: '48GB' } }
  const small = { ...denoise, pool: { ram: '4GB' } }
  const it = lab({ pools: { ram: '64GB' }, rules: { small, big } }, mats(16))
  const { end, changed } = await watching(it)
  it.disk.write('big/A', '')
  await changed('A')
  for (let n = 17; n < 200 && !runs(it).includes('big/A'); n++) {
    it.disk.write(`mat/B${n}`, '')
    await changed(`B${n}`)
    await end(runs(it)[0]!)
  }
  // Eight pass it, and then twelve of those that run end.
  expect(it.launcher.ran.indexOf('big/A')).toBe(16 + 8)
  expect(runs(it)).toHaveLength(5)
})

describe('a pool that is made smaller than what is taken', () => {
  test('by a person ends nothing, and starts nothing until there is room again', async () => {
    const it = lab(content, mats(6))
    const { act, end } = await watching(it)
    const { text } = await act({ type: 'size', pool: 'ram', bytes: 20 * gb })
    expect(text).toBe('ram has 20 GB now, until the engine ends. What runs goes on.')
    expect(runs(it)).toEqual(['denoise/B1', 'denoise/B2'])
    await end('denoise/B1')
    expect(runs(it)).toEqual(['denoise/B2'])
    await end('denoise/B2')
    expect(runs(it)).toEqual(['denoise/B3'])
  })

  test('below what jobs ask for says so, and is undone', async () => {
    const it = lab(content, mats(3))
    const { act, board } = await watching(it)
    const { text, undo } = await act({ type: 'size', pool: 'ram', bytes: 8 * gb })
    expect(text).toContain('ram has 8 GB now, until the engine ends. What runs goes on. 1 job needs more than that')
    expect((await act(undo!)).text).toBe('ram has 30 GB now, as the rules say.')
    expect(board().pools.get('ram')).toMatchObject({ slots: 30 * gb })
  })

  test('by a rule file does so too', async () => {
    const it = lab(content, mats(6))
    const { changed, end, board } = await watching(it)
    it.edit({ ...content, pools: { ram: '12GB' } })
    await changed()
    expect(board().pools.get('ram')).toMatchObject({ slots: 12 * gb })
    await end('denoise/B1')
    expect(runs(it)).toEqual(['denoise/B2'])
    await end('denoise/B2')
    expect(runs(it)).toEqual(['denoise/B3'])
  })
})

test('slots of a pool that counts memory, and the other way round, are refused with what to say', async () => {
  const { act } = await watching(lab(content, mats(1)))
  expect(await act({ type: 'slots', pool: 'ram', slots: 3 })).toMatchObject({
    done: false,
    text: 'The pool ram counts memory: labmake pool ram --size 30GB.',
  })
  expect(await act({ type: 'size', pool: 'cpu', bytes: gb })).toMatchObject({
    done: false,
    text: 'The pool cpu has slots: labmake pool cpu --slots 1.',
  })
})

test('advice goes by the size that a person gave the pool', async () => {
  const it = lab(content, mats(3))
  const { act, end, engine } = await watching(it)
  const use = { peakBytes: 4 * gb }
  for (let n = 1; n <= 3; n++) {
    it.launcher.of(`denoise/B${n}`).make()
    await end(`denoise/B${n}`, { status: 'done', use })
  }
  const text = () => engine.advice(64 * gb).map((advice) => advice.text)
  const asks = 'denoise asks for 12 GB of ram, and has peaked at 4.0 GB in 3 runs'
  expect(text()).toEqual([`${asks}: 4.8 GB would let 6 run at once instead of 2`])
  await act({ type: 'size', pool: 'ram', bytes: 12 * gb })
  expect(text()).toEqual([`${asks}: 4.8 GB would let 2 run at once instead of 1`])
})

describe('what runs keeps what it took', () => {
  test('when its rule asks for less, also as the next labmake takes it over', async () => {
    const it = lab(content, mats(6))
    const first = await watching(it)
    const less = { ...content, rules: { denoise: { ...denoise, pool: { ram: '4GB' } } } }
    it.edit(less)
    await first.changed()
    // 24 of 30 GB are taken: one of 4 GB fits beside them.
    expect(runs(it)).toEqual(['denoise/B1', 'denoise/B2', 'denoise/B3'])
    it.dies()
    const next = await nextEngine(it)
    expect(runs(it)).toEqual(['denoise/B1', 'denoise/B2', 'denoise/B3'])
    expect(next.board().jobs.get('denoise/B1')!.pools).toEqual({ ram: 12 * gb })
    expect(next.board().jobs.get('denoise/B3')!.pools).toEqual({ ram: 4 * gb })
    await next.end('denoise/B1')
    expect(runs(it)).toHaveLength(5)
  })

  test('in the number of bytes that was written down of it', async () => {
    const it = lab(content, mats(1))
    await watching(it)
    const [state] = it.attempts.left()
    expect(state).toMatchObject({ pools: { ram: 12 * gb }, bytesOf: ['ram'] })
  })
})

/** The rules change from the ones to the others while two jobs run; `dies`: while no labmake is there. */
async function changing(before: object, after: object, how: 'lives' | 'dies') {
  const it = lab(before, mats(6))
  const first = await watching(it)
  expect(runs(it)).toEqual(['denoise/B1', 'denoise/B2'])
  it.edit(after)
  if (how === 'lives') {
    await first.changed()
    return first
  }
  it.dies()
  return nextEngine(it)
}

describe.each(['lives', 'dies'] as const)('a pool that counts something else than before, and labmake %s', (how) => {
  test('as memory: who had slots of it has what its rule asks for now', async () => {
    const { it, board, end } = await changing(inSlots, content, how)
    expect(runs(it)).toEqual(['denoise/B1', 'denoise/B2'])
    expect(board().jobs.get('denoise/B1')!.pools).toEqual({ ram: 12 * gb })
    await end('denoise/B1')
    expect(runs(it)).toEqual(['denoise/B2', 'denoise/B3'])
  })

  test('as slots: who had memory of it has the slots that its rule asks for now', async () => {
    const { it, board, end } = await changing(content, inSlots, how)
    expect(runs(it)).toEqual(['denoise/B1', 'denoise/B2'])
    expect(board().jobs.get('denoise/B1')!.pools).toEqual({ ram: 1 })
    await end('denoise/B1')
    expect(runs(it)).toEqual(['denoise/B2', 'denoise/B3'])
  })

  test('as memory: who had slots of it and has no rule any more has all of it, until it ends', async () => {
    const { it, end } = await changing(
      inSlots,
      { pools: content.pools, rules: { again: { ...denoise, targets: 'again/{batch}' } } },
      how,
    )
    expect(runs(it)).toEqual(['denoise/B1', 'denoise/B2'])
    await end('denoise/B1')
    expect(runs(it)).toEqual(['denoise/B2'])
    await end('denoise/B2')
    expect(runs(it)).toEqual(['again/B1', 'again/B2'])
  })
})

test('a job of a labmake that knew slots alone has what its rule asks for now', async () => {
  const it = lab(content, mats(6))
  await watching(it)
  it.dies()
  for (const { bytesOf: _, ...state } of it.attempts.left() as AttemptState[]) {
    await it.attempts.write({ ...state, pools: { ram: 1 } })
  }
  const { board, end } = await nextEngine(it)
  expect(board().jobs.get('denoise/B2')!.pools).toEqual({ ram: 12 * gb })
  expect(runs(it)).toEqual(['denoise/B1', 'denoise/B2'])
  await end('denoise/B1')
  expect(runs(it)).toEqual(['denoise/B2', 'denoise/B3'])
})

test('slots that a person gave a pool are not taken for bytes when it counts memory', async () => {
  const it = lab(inSlots, mats(6))
  const { act, changed, board } = await watching(it)
  await act({ type: 'slots', pool: 'ram', slots: 3 })
  it.edit(content)
  await changed()
  expect(board().pools.get('ram')).toMatchObject({ slots: 30 * gb, declared: 30 * gb })
})

const size = fc.integer({ min: 1, max: 64 })
const need = fc.record({ ram: fc.integer({ min: 1, max: 16 }), cpu: fc.integer({ min: 0, max: 2 }) })

test('whatever is asked, and however sizes change: no pool is ever over by what is started, and all is made', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(need, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(5), fc.option(size, { freq: 3, nil: undefined })), { minLength: 1, maxLength: 12 }),
      fc.constantFrom(undefined, 3),
      async (needs, steps, maxJobs) => {
        const rules = Object.fromEntries(
          needs.map(({ ram, cpu }, i) => {
            const pool = { ram: `${ram}GB`, ...(cpu > 0 && { cpu }) }
            return [`r${i}`, { ...denoise, targets: `t${i}/{batch}`, pool }]
          }),
        )
        const it = lab({ pools: { ram: '16GB', cpu: 2 }, rules }, mats(3))
        const { act, end, states } = await watching(it, maxJobs === undefined ? {} : { maxJobs })
        const taken = (pool: 'ram' | 'cpu') => runs(it).reduce((sum, job) => sum + needs[Number(job[1])]![pool], 0)
        let ram = 16
        let before = 0
        const check = () => {
          if (taken('ram') > before) expect(taken('ram')).toBeLessThanOrEqual(ram)
          expect(taken('cpu')).toBeLessThanOrEqual(2)
          expect(runs(it).length).toBeLessThanOrEqual(maxJobs ?? 99)
        }
        check()
        for (const [pick, next] of steps) {
          before = taken('ram')
          if (next !== undefined) {
            ram = next
            await act({ type: 'size', pool: 'ram', bytes: next * gb })
            check()
          }
          const running = runs(it)
          if (running.length === 0) continue
          const job = running[pick % running.length]!
          before = taken('ram') - needs[Number(job[1])]!.ram
          await end(job)
          check()
        }
        await act({ type: 'size', pool: 'ram', bytes: 'declared' })
        ram = 16
        while (runs(it).length > 0) {
          before = taken('ram') - needs[Number(runs(it)[0]![1])]!.ram
          await end(runs(it)[0]!)
          check()
        }
        await settled()
        expect(new Set(Object.values(states()))).toEqual(new Set(['done']))
      },
    ),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 60) },
  )
}, 60_000)
