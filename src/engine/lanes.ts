/** Larger drops are compared and copied beside the others: below, it takes less than a moment. */
const slowBytes = 16e6
/** A drop of this size takes seconds to read: it must not stand before many small ones. */
const largeBytes = 1e9
/** Of each kind. Two keep a disk busy while one waits for its end; more only make it seek. */
const width = 2

/** A drop's way through what takes long. */
export interface Lane {
  /** Before this many bytes are read or copied: waits until few others do the same. Nothing for a small drop. */
  enter(bytes: number): Promise<void>
  /** It will take long, for another reason. */
  slow(): void
  leave(): void
}

/** Long work, so that few do it at once, and large drops do not hold up small ones. */
export function openLanes(): (onSlow: () => void) => Lane {
  const free = { large: width, small: width }
  const waiting: Record<keyof typeof free, (() => void)[]> = { large: [], small: [] }
  return (onSlow) => {
    let held: keyof typeof free | undefined
    return {
      slow: onSlow,
      async enter(bytes) {
        if (held !== undefined || bytes < slowBytes) return
        onSlow()
        const kind = bytes < largeBytes ? 'small' : 'large'
        held = kind
        if (free[kind] > 0) free[kind]--
        else await new Promise<void>((go) => waiting[kind].push(go))
      },
      leave() {
        if (held === undefined) return
        const next = waiting[held].shift()
        if (next === undefined) free[held]++
        else next()
        held = undefined
      },
    }
  }
}
