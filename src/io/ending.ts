import type { ProcessMark } from '../model/attempt.ts'
import type { Exit } from '../model/ports.ts'
import type { Families } from './families.ts'
import { hasItsNumber } from './processes.ts'

export interface Limits {
  /** All the time it has, and what is left of it. */
  readonly timeoutMs: number | undefined
  readonly leftMs: number | undefined
  /** Between asking it to end and killing it, ms. */
  readonly grace: number
}

/** Ends a recipe on request or when its time is up, and remembers why. */
export interface Ending {
  /** Why it was ended; undefined if it was not. */
  readonly because: Exit | undefined
  end(options: { readonly now: boolean }): void
  /** It has ended: what it left behind is ended too, if it was to end. */
  over(): void
}

/** `before`: called when it is about to be ended. */
export function openEnding(leader: ProcessMark, families: Families, limits: Limits, before: () => void): Ending {
  let because: Exit | undefined
  let killTimer: NodeJS.Timeout | undefined
  const { timeoutMs, leftMs, grace } = limits
  const signal = (name: NodeJS.Signals) => signalFamily(leader, families, name)
  const finish = (why: Exit, now: boolean) => {
    if (because === undefined) before()
    because ??= why
    signal(now ? 'SIGKILL' : 'SIGTERM')
    // What somebody stopped hears nothing before it goes on.
    signal('SIGCONT')
    killTimer ??= setTimeout(() => signal('SIGKILL'), grace)
  }
  // A timer beyond 2^31 ms would fire at once: such a timeout is as good as none.
  const timer =
    timeoutMs === undefined || leftMs === undefined || leftMs > 2 ** 31 - 1
      ? undefined
      : setTimeout(() => finish({ status: 'failed', cause: { kind: 'timeout', timeoutMs } }, false), leftMs)
  return {
    get because() {
      return because
    },
    end: ({ now }) => finish({ status: 'cancelled' }, now),
    over() {
      clearTimeout(timer)
      clearTimeout(killTimer)
      // It would go on writing to files that are about to be moved.
      if (because !== undefined) signal('SIGKILL')
    },
  }
}

/** To all that belong to a recipe, also where they left its group and its session. */
export function signalFamily(leader: ProcessMark, families: Families, name: NodeJS.Signals): void {
  if (hasItsNumber(leader)) send(-leader.pid, name)
  families.look({ anew: true })
  for (const { pid, group } of families.members(leader.pid)) if (group !== leader.pid) send(pid, name)
}

/** To a process, or, by a negative number, to a group. */
function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Gone already: what was asked for has happened. Or it became another user's: then only that user can end it.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}
