import type { Steps } from '../../src/core/order.ts'

/** What comes of all steps, one after the other. */
export function toEnd<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
