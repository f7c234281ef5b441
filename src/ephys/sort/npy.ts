import { closeSync, openSync } from 'node:fs'
import { writeAll } from '../writeAll.ts'

type NpyArray = Int32Array | Float32Array | Float64Array | BigInt64Array

/** Of the header with what comes before it, the length must be a multiple of this. */
const HEADER_ALIGNMENT = 64
const MAGIC_BYTES = 10

/** Writes an array as numpy's .npy, version 1.0, rows first. */
export function writeNpy(path: string, array: NpyArray, shape: readonly number[]): void {
  const values = shape.reduce((product, length) => product * length, 1)
  if (values !== array.length) throw new Error(`${path}: shape ${shape.join(' × ')} for ${array.length} values`)
  const file = openSync(path, 'w')
  try {
    writeAll(file, npyHeader(array, shape))
    writeAll(file, array)
  } finally {
    closeSync(file)
  }
}

function npyHeader(array: NpyArray, shape: readonly number[]): Buffer {
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${typeOf(array)}', 'fortran_order': False, 'shape': (${lengths}), }`
  const unpadded = MAGIC_BYTES + text.length + 1
  const total = Math.ceil(unpadded / HEADER_ALIGNMENT) * HEADER_ALIGNMENT
  const header = Buffer.alloc(total, ' ')
  header.write('\x93NUMPY\x01\x00', 'latin1')
  header.writeUInt16LE(total - MAGIC_BYTES, MAGIC_BYTES - 2)
  header.write(text, MAGIC_BYTES, 'latin1')
  header.write('\n', total - 1, 'latin1')
  return header
}

function typeOf(array: NpyArray): string {
  if (array instanceof Int32Array) return '<i4'
  if (array instanceof Float32Array) return '<f4'
  if (array instanceof Float64Array) return '<f8'
  return '<i8'
}
