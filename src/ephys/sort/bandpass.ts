/** Second-order section of a recursive filter, a0 = 1; a first-order section has b2 = a2 = 0. */
export interface Section {
  readonly b0: number
  readonly b1: number
  readonly b2: number
  readonly a1: number
  readonly a2: number
}

/** Three sections, one after another: what a third-order band-pass takes. */
export type Filter = readonly [Section, Section, Section]

/** What a filter remembers of the samples before: two numbers a section. */
export type FilterState = Float64Array

const LOW_EDGE_HZ = 300
const HIGH_EDGE_HZ = 6000
/** An edge above this part of the sample rate cuts nothing off, and the low-pass is left out. */
const HIGHEST_EDGE = 0.45
const PASS_ALL: Section = { b0: 1, b1: 0, b2: 0, a1: 0, a2: 0 }

/** Butterworth, third order on each side, 300 to 6000 Hz. */
export function bandPass(sampleRateHz: number): Filter {
  const [highFirst, highSecond] = butterworth3('high', LOW_EDGE_HZ, sampleRateHz)
  if (HIGH_EDGE_HZ > HIGHEST_EDGE * sampleRateHz) return [highFirst, highSecond, PASS_ALL]
  const [lowFirst, lowSecond] = butterworth3('low', HIGH_EDGE_HZ, sampleRateHz)
  return [cascade(highFirst, lowFirst), highSecond, lowSecond]
}

/** Bilinear transform with the edge prewarped: a section of first order, and one of second order with Q = 1. */
function butterworth3(pass: 'high' | 'low', edgeHz: number, sampleRateHz: number): [Section, Section] {
  const k = Math.tan((Math.PI * edgeHz) / sampleRateHz)
  const first = 1 / (1 + k)
  const second = 1 / (1 + k + k * k)
  const pole = { a1: (k - 1) * first, a2: 0 }
  const poles = { a1: 2 * (k * k - 1) * second, a2: (1 - k + k * k) * second }
  return pass === 'high'
    ? [
        { b0: first, b1: -first, b2: 0, ...pole },
        { b0: second, b1: -2 * second, b2: second, ...poles },
      ]
    : [
        { b0: k * first, b1: k * first, b2: 0, ...pole },
        { b0: k * k * second, b1: 2 * k * k * second, b2: k * k * second, ...poles },
      ]
}

/** Two first-order sections as one of second order. */
function cascade(one: Section, other: Section): Section {
  return {
    b0: one.b0 * other.b0,
    b1: one.b0 * other.b1 + one.b1 * other.b0,
    b2: one.b1 * other.b1,
    a1: one.a1 + other.a1,
    a2: one.a1 * other.a1,
  }
}

/** The state after `value` has gone on for ever. */
export function steadyState(filter: Filter, value: number): FilterState {
  const state = new Float64Array(2 * filter.length)
  let input = value
  for (const [index, { b0, b1, b2, a1, a2 }] of filter.entries()) {
    const output = (input * (b0 + b1 + b2)) / (1 + a1 + a2)
    state[2 * index + 1] = b2 * input - a2 * output
    state[2 * index] = b1 * input - a1 * output + state[2 * index + 1]!
    input = output
  }
  return state
}

/**
 * Filters `values` in place, from `from` towards `to` (excluded; backwards if it is below). `state` goes on from call to
 * call. All three sections in one loop: one after another, they took three times as long.
 */
export function applyFilter(
  filter: Filter,
  values: Float64Array,
  range: { readonly from: number; readonly to: number },
  state: FilterState,
): void {
  const { from, to } = range
  const step = from <= to ? 1 : -1
  const [p, q, r] = filter
  let [p1, p2, q1, q2, r1, r2] = state as unknown as [number, number, number, number, number, number]
  for (let i = from; i !== to; i += step) {
    const x = values[i]!
    const u = p.b0 * x + p1
    p1 = p.b1 * x + p2 - p.a1 * u
    p2 = p.b2 * x - p.a2 * u
    const v = q.b0 * u + q1
    q1 = q.b1 * u + q2 - q.a1 * v
    q2 = q.b2 * u - q.a2 * v
    const w = r.b0 * v + r1
    r1 = r.b1 * v + r2 - r.a1 * w
    r2 = r.b2 * v - r.a2 * w
    values[i] = w
  }
  state.set([p1, p2, q1, q2, r1, r2])
}
