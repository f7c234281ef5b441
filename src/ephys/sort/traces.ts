import { closeSync, openSync, readSync } from 'node:fs'
import { writeAll } from '../writeAll.ts'

/** The filtered recording is kept in a file in steps of 1/64 of a channel's noise deviation, cut off at ±512 of them. */
export const STEPS_PER_DEVIATION = 64

const DEVIATIONS_PER_STEP = 1 / STEPS_PER_DEVIATION

/** A piece of the filtered recording in memory, in noise deviations. */
export interface TraceWindow {
  /** Sample of the recording that the arrays begin with. */
  readonly start: number
  readonly samples: number
  /** An array per channel, of at least `samples` values. */
  readonly channels: readonly Float32Array[]
}

/** The filtered recording on disk, all stretches one after another; read from any place. */
export interface Traces {
  readonly channels: number
  readonly samples: number
  /** Where stretches begin, and last of all where the recording ends. */
  readonly borders: readonly number[]
  /** Samples `from` to `to` (excluded), into the arrays from their place `offset` on. */
  read(from: number, to: number, into: readonly Float32Array[], offset?: number): void
  close(): void
}

/** Rounds and appends a block: counts in `filtered`, `deviations` in counts; a channel of deviation 0 is silent. */
export function appendTraces(
  file: number,
  block: { readonly samples: number; readonly channels: readonly Float64Array[] },
  deviations: Float64Array,
): void {
  const { samples, channels } = block
  const rows = new Int16Array(samples * channels.length)
  for (let channel = 0; channel < channels.length; channel++) {
    const values = channels[channel]!
    const gain = deviations[channel]! > 0 ? STEPS_PER_DEVIATION / deviations[channel]! : 0
    for (let i = 0, at = channel; i < samples; i++, at += channels.length) {
      // Math.round takes five times as long; the clamp of a value in range is free.
      const steps = Math.floor(values[i]! * gain + 0.5)
      rows[at] = Math.max(-32768, Math.min(32767, steps))
    }
  }
  writeAll(file, rows)
}

export function openTraces(path: string, shape: { readonly channels: number; readonly borders: number[] }): Traces {
  const { channels, borders } = shape
  const file = openSync(path, 'r')
  let rows = new Int16Array(0)
  return {
    channels,
    borders,
    samples: borders.at(-1) ?? 0,
    read: (from, to, into, offset = 0) => {
      const values = (to - from) * channels
      if (rows.length < values) rows = new Int16Array(values)
      readAll(file, rows.subarray(0, values), from * channels * rows.BYTES_PER_ELEMENT)
      for (let channel = 0; channel < channels; channel++) {
        const column = into[channel]!
        for (let at = channel, i = offset; at < values; at += channels, i++) column[i] = rows[at]! * DEVIATIONS_PER_STEP
      }
    },
    close: () => closeSync(file),
  }
}

/** Reads the recording from start to end in windows; each holds `margin` samples more on either side, as far as there are. */
export function* traceWindows(
  traces: Traces,
  size: { readonly core: number; readonly margin: number },
): Generator<TraceWindow & { readonly coreFrom: number; readonly coreTo: number }> {
  const channels = Array.from({ length: traces.channels }, () => new Float32Array(size.core + 2 * size.margin))
  for (let coreFrom = 0; coreFrom < traces.samples; coreFrom += size.core) {
    const coreTo = Math.min(coreFrom + size.core, traces.samples)
    const start = Math.max(0, coreFrom - size.margin)
    const end = Math.min(traces.samples, coreTo + size.margin)
    traces.read(start, end, channels)
    yield { start, samples: end - start, channels, coreFrom, coreTo }
  }
}

function readAll(file: number, into: Int16Array, position: number): void {
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(file, bytes, done, bytes.length - done, position + done)
    if (read === 0) throw new Error('the file of filtered traces is shorter than was written')
    done += read
  }
}
