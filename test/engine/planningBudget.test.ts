import { expect, test } from 'vitest'
import { planningBudget } from '../../src/engine/planningBudget.ts'
import { fakeClock } from '../fakes/clock.ts'

test('after a calm a few plans in a row wait for nothing', () => {
  const budget = planningBudget(fakeClock())
  for (let plan = 0; plan < 5; plan++) {
    expect(budget.waitMs()).toBe(0)
    budget.spend(2000)
  }
})

test('plans that go on take a tenth of the time', () => {
  const clock = fakeClock()
  const budget = planningBudget(clock)
  budget.spend(10_000)
  let spentMs = 0
  const startMs = clock.now()
  while (clock.now() < startMs + 3_600_000) {
    clock.tick(budget.waitMs() + 400)
    budget.spend(400)
    spentMs += 400
  }
  expect(spentMs / 3_600_000).toBeCloseTo(0.1, 2)
})

test('a clock that is set back or ahead keeps no plan waiting for long', () => {
  const clock = fakeClock()
  const budget = planningBudget(clock)
  budget.spend(10_400)
  clock.set(-8 * 3600 * 1000)
  expect(budget.waitMs()).toBe(4000)
  clock.tick(4000)
  expect(budget.waitMs()).toBe(0)
})
