import { DiskFault } from '../../src/model/ports.ts'

/** The machine stops: nothing that labmake does after it reaches the disk. */
export class Crash extends Error {}

/** Everything that changes the disk, counted, so that a test can let any of it fail. */
export interface Acts {
  /** What was done, in order: `rename data/… → data/…`. */
  readonly done: readonly string[]
  /** The number of the next act. */
  readonly count: number
  /** Called before each act. Throws what the test asked for. */
  begin(action: string, path: string): void
  /**
   * The act of this number (from 0) fails. `full`: so does all after it that needs space; `read-only`: all after it.
   */
  failAt(number: number, lasting?: 'full' | 'read-only'): void
  /** Somebody else does something just before the first act of this name: `flush`, `append made`. */
  before(act: string, meddle: () => void): void
  /** The machine stops before the act of this number. */
  crashAt(number: number): void
  /** From now on all is well again; counting starts anew. */
  mend(): void
}

interface Fault {
  readonly number: number
  readonly lasting: 'full' | 'read-only' | undefined
}

function isFaulty(fault: Fault, number: number, action: string): boolean {
  if (number <= fault.number || fault.lasting === undefined) return number === fault.number
  // A full disk still lets files be renamed and removed.
  return fault.lasting === 'read-only' || ['make folder', 'write', 'append', 'flush'].includes(action)
}

export function countActs(): Acts {
  let done: string[] = []
  let fault: Fault | undefined
  let crash: number | undefined
  let meddling: { readonly act: string; readonly meddle: () => void } | undefined
  let count = 0
  return {
    get done() {
      return done
    },
    get count() {
      return count
    },
    begin(action, path) {
      if (crash !== undefined && count >= crash) throw new Crash(`stopped before: ${action} ${path}`)
      if (meddling !== undefined && `${action} ${path}`.startsWith(meddling.act)) {
        const { meddle } = meddling
        meddling = undefined
        meddle()
      }
      const number = count++
      if (fault !== undefined && isFaulty(fault, number, action)) {
        throw new DiskFault(
          action,
          path,
          fault.lasting === 'read-only' ? 'the file system is read-only' : 'no space left on the disk',
        )
      }
      done.push(`${action} ${path}`)
    },
    failAt(number, lasting) {
      fault = { number, lasting }
    },
    before(act, meddle) {
      meddling = { act, meddle }
    },
    crashAt(number) {
      crash = number
    },
    mend() {
      fault = undefined
      crash = undefined
      count = 0
      done = []
    },
  }
}
