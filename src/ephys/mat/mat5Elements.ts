// The data elements of a version 5 .mat file ("MAT-File Format", The MathWorks): a tag (type and length) and the data,
// padded to 8 bytes. Four bytes or fewer may stand in the tag itself. A matrix is an element of elements.
import { type ByteSource, takeBytes } from './byteSource.ts'

export const miMatrix = 14
export const miCompressed = 15

/** Classes of a matrix, those that matter here. */
export const mxStruct = 2
export const mxChar = 4
export const mxInt16 = 10

/** What a number is stored as, by its type in the tag; MATLAB stores doubles as small integers where these suffice. */
const storages = new Map([
  [1, { bytes: 1, array: Int8Array }],
  [2, { bytes: 1, array: Uint8Array }],
  [3, { bytes: 2, array: Int16Array }],
  [4, { bytes: 2, array: Uint16Array }],
  [5, { bytes: 4, array: Int32Array }],
  [6, { bytes: 4, array: Uint32Array }],
  [7, { bytes: 4, array: Float32Array }],
  [9, { bytes: 8, array: Float64Array }],
  [12, { bytes: 8, array: BigInt64Array }],
  [13, { bytes: 8, array: BigUint64Array }],
  [16, { bytes: 1, array: Uint8Array }],
  [17, { bytes: 2, array: Uint16Array }],
] as const)

/** The bytes make no sense as elements; the reader of the file says which file and channel. */
export class ElementError extends Error {}

export type Tag = {
  readonly type: number
  readonly lengthBytes: number
  /** Bytes from the data's start to the next element's tag. */
  readonly paddedBytes: number
}

/** A source of elements and the order of its bytes. */
export type Elements = { readonly source: ByteSource; readonly bigEndian: boolean }

/** Reads a tag; the data, even those within the tag, come next from the source. Undefined at the end of the source. */
export async function readTag({ source, bigEndian }: Elements): Promise<{ tag: Tag; inline?: Buffer } | undefined> {
  const bytes = await takeBytes(source, 8)
  if (bytes.length === 0) return undefined
  if (bytes.length < 8) throw new ElementError('ends within a tag')
  const first = bigEndian ? bytes.readUInt32BE(0) : bytes.readUInt32LE(0)
  const smallBytes = first >>> 16
  if (smallBytes > 4) throw new ElementError('has a tag that makes no sense')
  if (smallBytes > 0) {
    const tag = { type: first & 0xffff, lengthBytes: smallBytes, paddedBytes: 0 }
    return { tag, inline: bytes.subarray(4, 4 + smallBytes) }
  }
  const lengthBytes = bigEndian ? bytes.readUInt32BE(4) : bytes.readUInt32LE(4)
  return { tag: { type: first, lengthBytes, paddedBytes: Math.ceil(lengthBytes / 8) * 8 } }
}

/** Longest element that is read whole: names, dimensions and single numbers are far below it. */
const smallElementBytes = 64 * 1024

/** Reads a small numeric element whole, and its padding. */
export async function readNumbers(elements: Elements): Promise<number[]> {
  const { tag, inline } = (await readTag(elements)) ?? {}
  if (tag === undefined) throw new ElementError('ends too early')
  if (tag.lengthBytes > smallElementBytes) throw new ElementError('has an element that is far too long')
  if (inline !== undefined) return Array.from(decode(Uint8Array.from(inline), tag.type, elements.bigEndian))
  const bytes = await takeBytes(elements.source, tag.paddedBytes)
  if (bytes.length < tag.lengthBytes) throw new ElementError('ends too early')
  return Array.from(decode(Uint8Array.from(bytes.subarray(0, tag.lengthBytes)), tag.type, elements.bigEndian))
}

export type MatrixHeader = {
  readonly matrixClass: number
  readonly isComplex: boolean
  readonly shape: readonly number[]
  readonly name: string
}

/** Reads what every matrix begins with; its content comes next from the source. */
export async function readMatrixHeader(elements: Elements): Promise<MatrixHeader> {
  const [flags = 0] = await readNumbers(elements)
  const shape = await readNumbers(elements)
  const name = String.fromCharCode(...(await readNumbers(elements)))
  return { matrixClass: flags & 0xff, isComplex: (flags & 0x0800) !== 0, shape, name }
}

/** Bytes of one number of that type. Throws ElementError for a type that is no number. */
export function numberBytes(type: number): number {
  const storage = storages.get(type as 1)
  if (storage === undefined) throw new ElementError(`has numbers of the unknown type ${type}`)
  return storage.bytes
}

/** Reads the numbers that come next. Throws ElementError when there are fewer. */
export async function readStored(elements: Elements, type: number, count: number): Promise<Int16Array | Float64Array> {
  const bytes = new Uint8Array(count * numberBytes(type))
  if ((await elements.source.fill(bytes)) < bytes.length) throw new ElementError('ends too early')
  return decode(bytes, type, elements.bigEndian)
}

/** The numbers in `bytes`, whose order is changed where they stand. They must begin where their buffer does. */
function decode(bytes: Uint8Array<ArrayBuffer>, type: number, bigEndian: boolean): Int16Array | Float64Array {
  const size = numberBytes(type)
  if (bigEndian) swapBytes(bytes, size)
  const { array } = storages.get(type as 1)!
  const numbers = new array(bytes.buffer, 0, Math.floor(bytes.length / size))
  if (numbers instanceof Int16Array || numbers instanceof Float64Array) return numbers
  if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array) return Float64Array.from(numbers, Number)
  return Float64Array.from(numbers)
}

function swapBytes(bytes: Uint8Array<ArrayBuffer>, size: number): void {
  const buffer = Buffer.from(bytes.buffer)
  if (size === 2) buffer.swap16()
  if (size === 4) buffer.swap32()
  if (size === 8) buffer.swap64()
}
