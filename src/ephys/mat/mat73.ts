// Version 7.3: HDF5, read in slices.
import { Dataset, type File, Group } from 'h5wasm/node'
import { closeAfterError, openHdf5, readingHdf5, readSlice } from '../hdf5.ts'
import {
  badChannel,
  byNumber,
  type MatRecording,
  type PortChannel,
  portChannel,
  portNumber,
  type Samples,
} from './recording.ts'

/**
 * Samples of one channel that are unpacked and kept at most. HDF5 unpacks whole chunks; the rest of the last one is kept
 * until the next read asks for it. A chunk longer than this is unpacked once for each piece of this length.
 */
const keptSamples = 1 << 20

/** Samples of `times` read at once. */
const timesSamples = 1 << 20

/** Opens a .mat of version 7.3, passing by the channels to omit. Throws InputError when it is damaged or has no Port_N. */
export async function openMat73(path: string, omit: ReadonlySet<string>): Promise<MatRecording> {
  const file = await openHdf5(path, 'a .mat file of version 7.3')
  const windows = new Map<string, { from: number; values: Samples }>()
  try {
    const { names, ports } = readingHdf5(path, () => openPorts(path, file, omit))
    const portNames = names.filter((name) => portNumber(name) !== undefined)
    const channels = byNumber(
      path,
      names,
      [...ports.values()].map(({ channel }) => channel),
    )
    return {
      path,
      portNames,
      channels,
      isPacked: [...ports.values()].some(({ values }) => values.filters.length > 0),
      read: async ({ name }, from, to) => {
        const slice = readAhead(ports.get(name)!.values, path, { from, to }, windows.get(name))
        windows.set(name, slice)
        return slice.values.subarray(from - slice.from, to - slice.from)
      },
      readTimes: async function* ({ name }) {
        const times = readingHdf5(path, () => dataset(path, name, ports.get(name)!.struct, 'times'))
        const length = lengthOf(times)
        for (let from = 0; from < length; from += timesSamples) {
          yield toNumbers(readVector(times, path, from, Math.min(length, from + timesSamples)))
        }
      },
      release: () => windows.clear(),
      close: () => void file.close(),
    }
  } catch (error) {
    closeAfterError(file)
    throw error
  }
}

/**
 * At least the samples asked for: what the window still holds of them, then whole chunks from there on. The window that
 * comes back takes the place of the one given.
 */
function readAhead(
  values: Dataset,
  path: string,
  asked: { readonly from: number; readonly to: number },
  window: { readonly from: number; readonly values: Samples } | undefined,
): { from: number; values: Samples } {
  const { from, to } = asked
  const windowEnd = window === undefined ? 0 : window.from + window.values.length
  if (window !== undefined && window.from <= from && to <= windowEnd) return { ...window }
  const kept =
    window !== undefined && window.from <= from && from < windowEnd
      ? window.values.subarray(from - window.from)
      : undefined
  const chunk = Math.min(Math.max(...(values.metadata.chunks ?? [1])), keptSamples)
  const start = from + (kept?.length ?? 0)
  const end = Math.min(lengthOf(values), Math.ceil(to / chunk) * chunk)
  const read = toSamples(values, readVector(values, path, start, end))
  if (kept === undefined) return { from, values: read }
  const joined = read instanceof Int16Array ? new Int16Array(end - from) : new Float64Array(end - from)
  joined.set(kept)
  joined.set(read, kept.length)
  return { from, values: joined }
}

/** MATLAB's dimensions come reversed, and either may be the long one. */
function readVector(vector: Dataset, path: string, from: number, to: number): ArrayBufferView {
  const shape = vector.shape ?? []
  const long = shape.indexOf(Math.max(...shape))
  return readSlice(
    vector,
    path,
    shape.map((length, axis) => (axis === long ? [from, to] : [0, length])),
  )
}

function lengthOf(vector: Dataset): number {
  return Math.max(...(vector.shape ?? [0]))
}

function toSamples(vector: Dataset, values: ArrayBufferView): Samples {
  return isInt16(vector) ? (values as Int16Array) : toNumbers(values)
}

function toNumbers(values: ArrayBufferView): Float64Array {
  if (values instanceof Float64Array) return values
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return Float64Array.from(values, Number)
  return Float64Array.from(values as Int16Array)
}

function isInt16(vector: Dataset): boolean {
  const { type, size, signed } = vector.metadata
  return type === 0 && size === 2 && signed
}

type Port = { readonly channel: PortChannel; readonly struct: Group; readonly values: Dataset }

function openPorts(path: string, file: File, omit: ReadonlySet<string>) {
  const names = file.keys().filter((name) => !name.startsWith('#'))
  const kept = names.filter((name) => portNumber(name) !== undefined && !omit.has(name))
  return { names, ports: new Map(kept.map((name) => [name, openPort(path, name, file.get(name))])) }
}

function openPort(path: string, name: string, struct: unknown): Port {
  if (!(struct instanceof Group))
    throw badChannel(path, name, 'there is no struct', 'a struct with values and interval')
  const values = dataset(path, name, struct, 'values')
  const { type, shape } = values.metadata
  if (type !== 0 && type !== 1) throw badChannel(path, name, 'the values are not numbers', 'real numbers')
  // MATLAB writes an empty array as its dimensions, marked as empty.
  const isEmpty = Boolean(values.attrs.MATLAB_empty?.value)
  const fields = {
    interval: numberField(struct, 'interval'),
    start: numberField(struct, 'start'),
    scale: numberField(struct, 'scale'),
    offset: numberField(struct, 'offset'),
    units: textField(struct, 'units'),
  }
  const hasTimes = struct.get('times') instanceof Dataset
  const described = { shape: isEmpty ? [0] : (shape ?? [0]), counts: isInt16(values), hasTimes }
  return { channel: portChannel(path, name, fields, described), struct, values }
}

function dataset(path: string, channel: string, struct: Group, name: string): Dataset {
  const found = struct.get(name)
  if (found instanceof Dataset) return found
  const has = struct.keys().join(', ')
  throw badChannel(path, channel, `there are no ${name}, only ${has}`, 'values and interval')
}

function numberField(struct: Group, name: string): number | undefined {
  const field = struct.get(name)
  if (!(field instanceof Dataset) || field.metadata.total_size !== 1) return undefined
  const value = field.value
  return Number(ArrayBuffer.isView(value) ? (value as Float64Array)[0] : value)
}

/** MATLAB's characters are UTF-16, one a number. */
function textField(struct: Group, name: string): string | undefined {
  const field = struct.get(name)
  const value = field instanceof Dataset && field.metadata.total_size <= 1000 ? field.value : undefined
  if (!(value instanceof Uint16Array) || (field as Dataset).attrs.MATLAB_empty?.value) return undefined
  return String.fromCharCode(...value)
}
