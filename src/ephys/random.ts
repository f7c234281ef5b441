/** A seeded source of random numbers: the same seed gives the same numbers on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number
  /** Uniform in [from, to). */
  range(from: number, to: number): number
  /** Uniform whole number in [0, below). */
  integer(below: number): number
  /** Normal, mean 0, standard deviation 1. */
  normal(): number
}

/** xoshiro128** (Blackman and Vigna, 2018), its state filled from `seed` by splitmix32; normals by Marsaglia's polar method. */
export function seededRandom(seed: number): Random {
  const state = seedState(seed)
  let spare: number | undefined

  const uniform = () => {
    const result = Math.imul(rotateLeft(Math.imul(state[1]!, 5), 7), 9) >>> 0
    const shifted = state[1]! << 9
    state[2]! ^= state[0]!
    state[3]! ^= state[1]!
    state[1]! ^= state[2]!
    state[0]! ^= state[3]!
    state[2]! ^= shifted
    state[3] = rotateLeft(state[3]!, 11)
    // 24 bits are plenty for noise, and exact in single precision too.
    return (result >>> 8) / 0x1000000
  }

  const normal = () => {
    if (spare !== undefined) {
      const value = spare
      spare = undefined
      return value
    }
    let x = 0
    let y = 0
    let square = 0
    do {
      x = 2 * uniform() - 1
      y = 2 * uniform() - 1
      square = x * x + y * y
    } while (square >= 1 || square === 0)
    const factor = Math.sqrt((-2 * Math.log(square)) / square)
    spare = y * factor
    return x * factor
  }

  return {
    uniform,
    normal,
    range: (from, to) => from + (to - from) * uniform(),
    integer: (below) => Math.floor(below * uniform()),
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function seedState(seed: number): Uint32Array {
  const state = new Uint32Array(4)
  let counter = seed >>> 0
  for (let word = 0; word < state.length; word++) {
    counter = (counter + 0x9e3779b9) >>> 0
    let mixed = counter ^ (counter >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    state[word] = mixed ^ (mixed >>> 15)
  }
  return state
}
