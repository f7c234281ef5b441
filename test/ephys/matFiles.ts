// Tiny .mat files for tests, in memory: every form of version 5 that MATLAB, Spike2 and scipy write.
import { deflateSync } from 'node:zlib'

type Numbers = readonly number[]

/** How numbers are stored, by the type in their tag. */
const storages = {
  int8: { type: 1, bytes: 1, put: (view: DataView, at: number, value: number) => view.setInt8(at, value) },
  uint8: { type: 2, bytes: 1, put: (view: DataView, at: number, value: number) => view.setUint8(at, value) },
  int16: {
    type: 3,
    bytes: 2,
    put: (view: DataView, at: number, value: number, little: boolean) => view.setInt16(at, value, little),
  },
  uint16: {
    type: 4,
    bytes: 2,
    put: (view: DataView, at: number, value: number, little: boolean) => view.setUint16(at, value, little),
  },
  int32: {
    type: 5,
    bytes: 4,
    put: (view: DataView, at: number, value: number, little: boolean) => view.setInt32(at, value, little),
  },
  uint32: {
    type: 6,
    bytes: 4,
    put: (view: DataView, at: number, value: number, little: boolean) => view.setUint32(at, value, little),
  },
  single: {
    type: 7,
    bytes: 4,
    put: (view: DataView, at: number, value: number, little: boolean) => view.setFloat32(at, value, little),
  },
  double: {
    type: 9,
    bytes: 8,
    put: (view: DataView, at: number, value: number, little: boolean) => view.setFloat64(at, value, little),
  },
} as const

type Storage = keyof typeof storages
const classes = { double: 6, single: 7, int16: 10 } as const

export type Form = { readonly bigEndian?: boolean; readonly compressed?: boolean }

/** A channel's struct. `stored` tells how its values are stored, when not as their class says. */
export type TestChannel = {
  readonly values: Numbers
  readonly valueClass?: keyof typeof classes
  readonly stored?: Storage
  readonly asRow?: boolean
  readonly interval?: number
  readonly times?: Numbers
  readonly start?: number
  readonly scale?: number
  readonly units?: string
  /** Fields in another order, or fewer of them. */
  readonly fields?: readonly string[]
}

/** A version 5 file: each name is a channel's struct, or a plain array of doubles. */
export function mat5(variables: Readonly<Record<string, TestChannel | Numbers>>, form: Form = {}): Buffer {
  const write = writer(form)
  const header = Buffer.alloc(128, ' ')
  header.write('MATLAB 5.0 MAT-file, made for a test')
  header.fill(0, 116, 124)
  if (form.bigEndian) header.write('\x01\x00MI', 124, 'latin1')
  else header.write('\x00\x01IM', 124, 'latin1')
  const parts = Object.entries(variables).map(([name, variable]) => {
    const matrix = isNumbers(variable) ? write.numbers(name, 'double', variable) : write.channel(name, variable)
    if (!form.compressed) return matrix
    const packed = deflateSync(matrix)
    return Buffer.concat([write.tag(15, packed.length), packed])
  })
  return Buffer.concat([header, ...parts])
}

const isNumbers = (variable: TestChannel | Numbers): variable is Numbers => Array.isArray(variable)

function writer({ bigEndian = false }: Form) {
  const little = !bigEndian
  const pack = (storage: Storage, numbers: Numbers): Buffer => {
    const { bytes, put } = storages[storage]
    const packed = new Uint8Array(numbers.length * bytes)
    const view = new DataView(packed.buffer)
    for (const [i, value] of numbers.entries()) put(view, i * bytes, value, little)
    return Buffer.from(packed)
  }
  const tag = (type: number, length: number): Buffer => pack('uint32', [type, length])
  const element = (storage: Storage, numbers: Numbers): Buffer => {
    const data = pack(storage, numbers)
    const { type } = storages[storage]
    // Four bytes or fewer go into the tag, as the format asks.
    if (data.length > 0 && data.length <= 4) {
      const small = pack('uint32', [(data.length << 16) | type])
      return Buffer.concat([small, data, Buffer.alloc(4 - data.length)])
    }
    return Buffer.concat([tag(type, data.length), data, Buffer.alloc((8 - (data.length % 8)) % 8)])
  }
  const text = (value: string): Numbers => [...value].map((character) => character.charCodeAt(0))
  const matrix = (classId: number, shape: Numbers, name: string, content: readonly Buffer[]): Buffer => {
    const body = [element('uint32', [classId, 0]), element('int32', shape), element('int8', text(name)), ...content]
    const length = body.reduce((sum, part) => sum + part.length, 0)
    return Buffer.concat([tag(14, length), ...body])
  }
  const numbers = (
    name: string,
    valueClass: keyof typeof classes,
    values: Numbers,
    stored?: Storage,
    asRow?: boolean,
  ) =>
    matrix(classes[valueClass], asRow ? [1, values.length] : [values.length, 1], name, [
      element(stored ?? valueClass, values),
    ])
  const channel = (name: string, given: TestChannel): Buffer => {
    const { interval = 0.001, start, scale, units, times } = given
    const all: Record<string, Buffer | undefined> = {
      title: matrix(4, [1, name.length], '', [element('uint16', text(name))]),
      interval: numbers('', 'double', [interval]),
      start: start === undefined ? undefined : numbers('', 'double', [start], 'uint8'),
      scale: scale === undefined ? undefined : numbers('', 'double', [scale]),
      units: units === undefined ? undefined : matrix(4, [1, units.length], '', [element('uint16', text(units))]),
      times: times === undefined ? undefined : numbers('', 'double', times),
      values: numbers('', given.valueClass ?? 'int16', given.values, given.stored, given.asRow),
    }
    const fields = (given.fields ?? Object.keys(all)).filter((field) => all[field] !== undefined)
    const names = fields.flatMap((field) => [...text(field), ...Array<number>(32 - field.length).fill(0)])
    const contents = fields.map((field) => all[field]!)
    return matrix(2, [1, 1], name, [element('int32', [32]), element('int8', names), ...contents])
  }
  return { tag, numbers, channel }
}
