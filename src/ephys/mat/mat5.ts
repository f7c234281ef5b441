// Version 5 (and 6 and 7, which are 5 with compressed variables). A variable is a channel, one after the other, while we
// want all channels side by side: so each channel is read through a source of its own, and compressed ones are unpacked
// as streams that go forward together. A read before the last one starts the stream anew. The streams that found the
// values go on to read them, for a channel's `times` may stand before and be four times as long.
import { closeSync, fstatSync, openSync } from 'node:fs'
import { messageOf } from '../errors.ts'
import { fileBytes, inflatedBytes } from './byteSource.ts'
import {
  ElementError,
  type Elements,
  miCompressed,
  miMatrix,
  mxInt16,
  mxStruct,
  numberBytes,
  readMatrixHeader,
  readStored,
  readTag,
} from './mat5Elements.ts'
import { type FieldContent, readPortStruct, readTimesField } from './mat5Port.ts'
import { headerBytes } from './openMat.ts'
import { badChannel, byNumber, damaged, type MatRecording, portChannel, portNumber, type Samples } from './recording.ts'

/** Numbers of `times` read at once. */
const timesNumbers = 1 << 18

/** A top-level variable: where its matrix element is, and how to read from its content's start. */
type Variable = { readonly name: string; readonly isPacked: boolean; readonly open: () => Promise<Elements> }

/** A channel's variable and where its values are. */
type Port = Variable & { readonly values: FieldContent }

/** Opens a .mat of version 5, passing by the channels to omit. Throws InputError when it is damaged or has no Port_N. */
export async function openMat5(
  path: string,
  omit: ReadonlySet<string>,
  { bigEndian }: { readonly bigEndian: boolean },
): Promise<MatRecording> {
  const file = openSync(path, 'r')
  const ports = new Map<string, Port>()
  const cursors = new Map<string, Elements>()
  const release = () => {
    for (const { source } of cursors.values()) source.close()
    cursors.clear()
  }
  try {
    const variables = await listVariables(path, file, bigEndian)
    const names = variables.map(({ name }) => name)
    const wanted = variables.filter(({ name }) => portNumber(name) !== undefined && !omit.has(name))
    // Together, so that compressed channels are unpacked on every processor; of many faults the first in the file is told.
    const opened = await Promise.allSettled(
      wanted.map((variable) => saying(path, variable.name, () => openPort(path, variable, cursors))),
    )
    const channels = []
    for (const outcome of opened) {
      if (outcome.status === 'rejected') throw outcome.reason
      const { port, channel } = outcome.value
      ports.set(port.name, port)
      channels.push(channel)
    }
    return {
      path,
      portNames: names.filter((name) => portNumber(name) !== undefined),
      channels: byNumber(path, names, channels),
      isPacked: [...ports.values()].some(({ isPacked }) => isPacked),
      read: (channel, from, to) =>
        saying(path, channel.name, async () => {
          const port = ports.get(channel.name)!
          const numbers = await readNumbersAt(port, cursors, from, to)
          return asSamples(numbers, channel.counts)
        }),
      readTimes: (channel) => readTimes(path, ports.get(channel.name)!),
      release,
      close: () => {
        release()
        closeSync(file)
      },
    }
  } catch (error) {
    release()
    closeSync(file)
    throw error
  }
}

/** Finds the variables without reading their content; a compressed one is unpacked as far as its name. */
async function listVariables(path: string, file: number, bigEndian: boolean): Promise<Variable[]> {
  const sizeBytes = fstatSync(file).size
  const top: Elements = { source: fileBytes(file, headerBytes, sizeBytes), bigEndian }
  const variables: Variable[] = []
  for (;;) {
    const { tag, inline } = (await saying(path, 'the list of variables', () => readTag(top))) ?? {}
    if (tag === undefined) return variables
    const start = headerBytes + top.source.position()
    // Compressed elements alone are not padded.
    const lengthBytes = tag.type === miCompressed ? tag.lengthBytes : tag.paddedBytes
    if (start + tag.lengthBytes > sizeBytes) {
      throw damaged(path, `is cut short: it has ${sizeBytes} bytes of at least ${start + tag.lengthBytes}`)
    }
    if (tag.lengthBytes === 0) throw damaged(path, `is damaged: the variable at byte ${start} is empty`)
    if (inline === undefined && (tag.type === miCompressed || tag.type === miMatrix)) {
      const end = start + lengthBytes
      const open = async (): Promise<Elements> => {
        if (tag.type === miMatrix) return { source: fileBytes(file, start, end), bigEndian }
        const elements = { source: inflatedBytes(path, start, end), bigEndian }
        await readTag(elements)
        return elements
      }
      variables.push({ name: await variableName(path, start, open), isPacked: tag.type === miCompressed, open })
    }
    await top.source.skip(lengthBytes)
  }
}

async function variableName(path: string, start: number, open: () => Promise<Elements>): Promise<string> {
  return saying(path, `the variable at byte ${start}`, async () => {
    const elements = await open()
    try {
      return (await readMatrixHeader(elements)).name
    } finally {
      elements.source.close()
    }
  })
}

/** Leaves the stream that found the channel's values in `cursors`. */
async function openPort(path: string, variable: Variable, cursors: Map<string, Elements>) {
  const { name } = variable
  const elements = await variable.open()
  cursors.set(name, elements)
  const header = await readMatrixHeader(elements)
  if (header.matrixClass !== mxStruct || header.shape.some((length) => length !== 1)) {
    throw badChannel(path, name, 'there is no single struct', 'a struct with values and interval')
  }
  const { fields, values, fieldNames } = await readPortStruct(elements)
  if (values === undefined) {
    throw badChannel(path, name, `there are no values, only ${fieldNames.join(', ')}`, 'values and interval')
  }
  if (values.kind === 'other') throw badChannel(path, name, 'the values are not numbers', 'real numbers')
  const { shape } = values
  const described = { shape, counts: values.matrixClass === mxInt16, hasTimes: fieldNames.includes('times') }
  return { port: { ...variable, values: values.content }, channel: portChannel(path, name, fields, described) }
}

/** Goes on from where the channel was read last, or anew when that is past the place. */
async function readNumbersAt(port: Port, cursors: Map<string, Elements>, from: number, to: number): Promise<Samples> {
  const { type } = port.values
  const at = port.values.at + from * numberBytes(type)
  let elements = cursors.get(port.name)
  if (elements === undefined || elements.source.position() > at) {
    elements?.source.close()
    elements = await port.open()
    cursors.set(port.name, elements)
  }
  await elements.source.skip(at - elements.source.position())
  return readStored(elements, type, to - from)
}

function asSamples(numbers: Samples, counts: boolean): Samples {
  if (counts) return numbers instanceof Int16Array ? numbers : Int16Array.from(numbers)
  return numbers instanceof Float64Array ? numbers : Float64Array.from(numbers)
}

async function* readTimes(path: string, port: Port): AsyncGenerator<Float64Array> {
  let elements = await saying(path, port.name, port.open)
  try {
    const times = await saying(path, port.name, () => readTimesField(elements))
    if (elements.source.position() > times.at) {
      elements.source.close()
      elements = await saying(path, port.name, port.open)
      await elements.source.skip(times.at - elements.source.position())
    }
    for (let left = times.count; left > 0; left -= timesNumbers) {
      const count = Math.min(left, timesNumbers)
      yield Float64Array.from(await saying(path, port.name, () => readStored(elements, times.type, count)))
    }
  } finally {
    elements.source.close()
  }
}

/** Names the file and the place when the bytes are damaged. */
async function saying<T>(path: string, place: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const isZlib = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
    if (!(error instanceof ElementError) && !isZlib) throw error
    throw damaged(
      path,
      `is cut short or damaged: ${place} ${isZlib ? `(${messageOf(error)})` : messageOf(error)}`,
      error,
    )
  }
}
