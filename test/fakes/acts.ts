import { DiskFault } from '../../src/model/ports.ts'

/** The machine stops: nothing that labmake does after it reaches the disk. */
export class Crash extends Error {}

/** Everything that changes the disk, counted, so that a test can let any of it fail. */
export interface Acts {
  /** What was done, in order: `rename data/… → data/…`. */
  readonly done: readonly string[]
  /** Called before each act. Throws what the test asked for. */
  begin(action: string, path: string): void
  /** The act of this number (from 0) fails for want of space; `lasting`: all that write after it too. */
  failAt(number: number, options?: { readonly lasting: boolean }): void
  /** The machine stops before the act of this number. */
  crashAt(number: number): void
  /** From now on all is well again; counting starts anew. */
  mend(): void
}

export function countActs(): Acts {
  let done: string[] = []
  let fault: { readonly number: number; readonly lasting: boolean } | undefined
  let crash: number | undefined
  let count = 0
  return {
    get done() {
      return done
    },
    begin(action, path) {
      const number = count++
      if (crash !== undefined && number >= crash) throw new Crash(`stopped before: ${action} ${path}`)
      // A full disk still lets files be renamed and removed.
      const needsSpace = action === 'make folder' || action === 'write' || action === 'append' || action === 'flush'
      if (fault !== undefined && (number === fault.number || (fault.lasting && number > fault.number && needsSpace))) {
        throw new DiskFault(action, path, 'no space left on the disk')
      }
      done.push(`${action} ${path}`)
    },
    failAt(number, { lasting } = { lasting: false }) {
      fault = { number, lasting }
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
