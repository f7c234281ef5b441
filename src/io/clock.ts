import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../model/ports.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  steadyMs: () => performance.now(),
  random: () => Math.random(),
  turn: () => turn(),
  async wait(ms, signal) {
    try {
      await wait(Math.min(ms, 2 ** 31 - 1), undefined, { signal })
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error
    }
  },
}
