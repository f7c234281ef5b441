/** Chance that can be had again: mulberry32, from a seed. */
export function chanceOf(seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    bool: (probability) => next() < probability,
    /** 1 … most */
    upTo: (most) => 1 + Math.floor(next() * most),
    /** Undefined of nothing. */
    pick: (list) => list[Math.floor(next() * list.length)],
    shuffled(list) {
      const left = [...list]
      return list.map(() => left.splice(Math.floor(next() * left.length), 1)[0])
    },
  }
}
