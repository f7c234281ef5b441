// The struct of one channel in a version 5 .mat file.
import {
  ElementError,
  type Elements,
  type MatrixHeader,
  mxChar,
  numberBytes,
  readMatrixHeader,
  readNumbers,
  readTag,
} from './mat5Elements.ts'
import type { PortFields } from './recording.ts'

/** Where a field's numbers are: bytes from the start of the variable's content, and how they are stored. */
export type FieldContent = { readonly at: number; readonly type: number; readonly count: number }

export type ValuesField =
  | {
      readonly kind: 'numbers'
      readonly shape: readonly number[]
      readonly matrixClass: number
      readonly content: FieldContent
    }
  | { readonly kind: 'other' }

export type PortStruct = {
  /** Of all fields. */
  readonly fieldNames: readonly string[]
  readonly fields: PortFields
  readonly values: ValuesField | undefined
}

const numberFields = ['interval', 'start', 'scale', 'offset'] as const
const wantedFields: readonly string[] = ['values', 'units', ...numberFields]

/** Numeric classes: double, single and the integers. */
const isNumeric = (matrixClass: number) => matrixClass >= 6 && matrixClass <= 15

/**
 * Reads a channel's small fields and finds its values; the struct's header has been read. Stops as soon as no wanted
 * field is left, since a compressed struct must be unpacked as far as one reads.
 */
export async function readPortStruct(elements: Elements): Promise<PortStruct> {
  const numbers = new Map<string, number>()
  let units: string | undefined
  let values: ValuesField | undefined
  let fieldNames: readonly string[] = []
  for await (const field of structFields(elements)) {
    fieldNames = field.names
    const { name, header } = field
    if (header !== undefined) {
      const isNumber = isNumeric(header.matrixClass) && header.shape.every((length) => length === 1)
      if (name === 'values') values = await readContent(elements, header)
      else if (name === 'units' && header.matrixClass === mxChar)
        units = String.fromCharCode(...(await readNumbers(elements)))
      else if (wantedFields.includes(name) && isNumber) numbers.set(name, (await readNumbers(elements))[0]!)
    }
    if (!field.later.some((later) => wantedFields.includes(later))) break
  }
  const [interval, start, scale, offset] = numberFields.map((name) => numbers.get(name))
  return { fieldNames, fields: { interval, start, scale, offset, units }, values }
}

/** Finds the channel's `times` and goes to its numbers, or past them if they stand within the tag. From the variable's start. */
export async function readTimesField(elements: Elements): Promise<FieldContent> {
  await readMatrixHeader(elements)
  for await (const { name, header } of structFields(elements)) {
    if (name !== 'times' || header === undefined) continue
    const times = await readContent(elements, header)
    if (times.kind === 'numbers') return times.content
  }
  throw new ElementError('has no times')
}

/** The type, number and place of a matrix's numbers; the source stands behind their tag. */
async function readContent(elements: Elements, header: MatrixHeader): Promise<ValuesField> {
  const { matrixClass, shape, isComplex } = header
  if (!isNumeric(matrixClass) || isComplex) return { kind: 'other' }
  const expected = shape.reduce((product, length) => product * length, 1)
  const { tag, inline } = (await readTag(elements)) ?? {}
  if (tag === undefined) throw new ElementError('ends too early')
  const count = tag.lengthBytes / numberBytes(tag.type)
  if (count !== expected) throw new ElementError(`has ${count} values where its shape is ${shape.join(' × ')}`)
  // Four bytes of data or fewer stand within the tag.
  const at = elements.source.position() - (inline === undefined ? 0 : 4)
  return { kind: 'numbers', shape, matrixClass, content: { at, type: tag.type, count } }
}

type Field = {
  readonly name: string
  /** Undefined for an empty field. */
  readonly header: MatrixHeader | undefined
  readonly names: readonly string[]
  /** The names of the fields after it. */
  readonly later: readonly string[]
}

/** The fields of a struct in order. One may read of a field's content what one likes before going on. */
async function* structFields(elements: Elements): AsyncGenerator<Field> {
  const { source } = elements
  const [nameBytes = 0] = await readNumbers(elements)
  const characters = String.fromCharCode(...(await readNumbers(elements)))
  if (!(nameBytes > 0) || characters.length % nameBytes !== 0)
    throw new ElementError('has a struct that makes no sense')
  const names = Array.from({ length: characters.length / nameBytes }, (_, i) => {
    const [name = ''] = characters.slice(i * nameBytes, (i + 1) * nameBytes).split('\0')
    return name
  })
  for (const [i, name] of names.entries()) {
    const { tag } = (await readTag(elements)) ?? {}
    if (tag === undefined) throw new ElementError('ends too early')
    const end = source.position() + tag.paddedBytes
    const header = tag.lengthBytes === 0 ? undefined : await readMatrixHeader(elements)
    yield { name, header, names, later: names.slice(i + 1) }
    await source.skip(end - source.position())
  }
}
