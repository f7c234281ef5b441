import type { Clock } from '../model/ports.ts'

/** A plan of everything may take seconds where there are very many batches: of all time, so much goes into such plans at most. */
const share = 0.1
/** So much may be spent at once after a calm: who saves a rule file a few times in a row waits for none of it. */
const mostSavedMs = 10_000

/** Time for plans of everything that a change calls for; what a person asks for is planned at once. */
export interface PlanningBudget {
  /** ms until another plan may be made. */
  waitMs(): number
  spend(ms: number): void
}

export function planningBudget(clock: Pick<Clock, 'steadyMs'>): PlanningBudget {
  let savedMs = mostSavedMs
  let atMs = clock.steadyMs()
  function save(): void {
    const nowMs = clock.steadyMs()
    savedMs = Math.min(mostSavedMs, savedMs + (nowMs - atMs) * share)
    atMs = nowMs
  }
  return {
    waitMs() {
      save()
      return savedMs >= 0 ? 0 : -savedMs / share
    },
    spend(ms) {
      save()
      savedMs -= ms
    },
  }
}
