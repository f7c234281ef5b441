// What a .mat file of either version gives: the waveform channels of a Spike2 export.
import { basename } from 'node:path'
import { InputError } from '../errors.ts'

/** Samples of one channel: as counted by the recorder when the class is int16, else as numbers in the channel's units. */
export type Samples = Int16Array | Float64Array

/**
 * A channel `Port_<number>`. A count is worth `scale / 6553.6` and nought is at `offset`, in `units`: the ±5 V of a
 * Spike2 recorder are 16 bits (real value = 16-bit ADC value × scale / 6553.6 + offset; M. Lidierth, MATLAB SON
 * library, SONSetADCScale). Values that are not int16 are in `units` already.
 */
export type PortChannel = {
  readonly name: string
  readonly number: number
  readonly samples: number
  readonly intervalS: number
  /** Time of the first sample; absent when the file does not tell. */
  readonly startS?: number
  readonly counts: boolean
  readonly scale: number
  readonly offset: number
  /** '' when the file does not tell. */
  readonly units: string
  readonly hasTimes: boolean
}

/** An open .mat file. Reading is fast forwards, in steps of whole multiples of 65,536 samples. */
export type MatRecording = {
  readonly path: string
  /** Every name Port_N in the file, those to omit too. */
  readonly portNames: readonly string[]
  /** The channels that are not to omit, ordered by number. */
  readonly channels: readonly PortChannel[]
  /** Are values compressed? Reading them twice then costs much more than keeping them. */
  readonly isPacked: boolean
  /** Samples `from` to `to` (not included). Throws InputError when the bytes are damaged. */
  readonly read: (channel: PortChannel, from: number, to: number) => Promise<Samples>
  /** The channel's `times`, in seconds, in pieces; only where `hasTimes`. */
  readonly readTimes: (channel: PortChannel) => AsyncGenerator<Float64Array>
  /** Lets go of what opening and reading keep (streams, unpacked chunks); a later read begins anew. */
  readonly release: () => void
  readonly close: () => void
}

/** The number of a neural channel's name, `Port_12` → 12; undefined for any other (`DigMark`, `stimulus_1`). */
export function portNumber(name: string): number | undefined {
  const digits = /^Port_(\d+)$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The numbers that either version's reader found in a channel's struct; undefined where the field is missing. */
export type PortFields = {
  readonly interval: number | undefined
  readonly start: number | undefined
  readonly scale: number | undefined
  readonly offset: number | undefined
  readonly units: string | undefined
}

/** Checks what both versions must fulfil. `shape` is that of `values`; throws InputError naming file and channel. */
export function portChannel(
  path: string,
  name: string,
  fields: PortFields,
  values: { readonly shape: readonly number[]; readonly counts: boolean; readonly hasTimes: boolean },
): PortChannel {
  const samples = values.shape.reduce((product, length) => product * length, 1)
  if (samples !== 0 && samples !== Math.max(...values.shape)) {
    throw badChannel(path, name, `values are ${values.shape.join(' × ')}`, 'samples × 1')
  }
  const { interval, start } = fields
  if (interval === undefined) throw badChannel(path, name, 'there is no interval', 'the seconds between samples')
  if (!(interval > 0 && Number.isFinite(interval))) {
    throw badChannel(path, name, `the interval is ${interval}`, 'the seconds between samples')
  }
  return {
    name,
    number: portNumber(name)!,
    samples,
    intervalS: interval,
    ...(start !== undefined && Number.isFinite(start) ? { startS: start } : {}),
    counts: values.counts,
    scale: fields.scale ?? 1,
    offset: fields.offset ?? 0,
    units: fields.units?.trim() ?? '',
    hasTimes: values.hasTimes,
  }
}

/** The channels by number. Throws InputError when `names` has no Port_N, or two of one number (`Port_1`, `Port_01`). */
export function byNumber(path: string, names: readonly string[], channels: readonly PortChannel[]): PortChannel[] {
  if (!names.some((name) => portNumber(name) !== undefined)) {
    const found = names.length === 0 ? 'it holds nothing' : `it holds ${names.slice(0, 8).join(', ')}`
    throw new InputError(`${basename(path)} has no channel Port_N: ${found}`, {
      hint: 'Export the waveform channels from Spike2 under their names Port_1, Port_2, …',
    })
  }
  const sorted = channels.toSorted((a, b) => a.number - b.number)
  const twin = sorted.find((channel, i) => channel.number === sorted[i + 1]?.number)
  if (twin) throw badChannel(path, twin.name, 'two channels have its number', 'each number once')
  return sorted
}

/** A channel that is not as a Spike2 export has it. */
export function badChannel(path: string, name: string, why: string, expected: string): InputError {
  return new InputError(`${basename(path)}: in ${name} ${why}; expected ${expected}`, {
    hint: `Export it from Spike2 again, or leave the channel out: --omit ${name}`,
  })
}

/** A file that ends before it should, or whose bytes make no sense. */
export function damaged(path: string, why: string, cause?: unknown): InputError {
  return new InputError(`${basename(path)} ${why}`, {
    hint: `Copy it again from where it was recorded: ${path}`,
    cause,
  })
}
