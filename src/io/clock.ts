import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../model/ports.ts'
import { steadyMs } from './steady.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  steadyMs,
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
