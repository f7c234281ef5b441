/** Random choices that a seed repeats. */
export interface Chance {
  /** From 0 up to, not including, 1. */
  next(): number
  /** A whole number from 0 up to, not including, `n`. */
  below(n: number): number
  /** True so often of all times. */
  yes(share: number): boolean
  pick<T>(choices: readonly T[]): T
  shuffled<T>(list: readonly T[]): T[]
  bytes(count: number): Buffer
  /** Choices of its own for a part of the work, whatever is chosen elsewhere and in whatever order. */
  of(part: string): Chance
}

export function openChance(seed: string): Chance {
  let state = hashOf(seed)
  // mulberry32, by Tommy Ettinger: 32 bits of state are plenty here.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (n: number) => Math.floor(next() * n)
  return {
    next,
    below,
    yes: (share) => next() < share,
    pick: (choices) => choices[below(choices.length)]!,
    shuffled(list) {
      const left = [...list]
      return list.map(() => left.splice(below(left.length), 1)[0]!)
    },
    bytes(count) {
      const bytes = Buffer.alloc(count)
      for (let i = 0; i + 4 <= count; i += 4) bytes.writeUInt32LE((next() * 4_294_967_296) >>> 0, i)
      return bytes
    },
    of: (part) => openChance(`${seed} ${part}`),
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash | 0
}
