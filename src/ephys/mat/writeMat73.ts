// Writes .mat files of version 7.3 as MATLAB and Spike2 lay them out: HDF5 behind 512 bytes of header; a struct is a
// group, its fields are data sets with their dimensions reversed, and an attribute tells each one's MATLAB class.
import { readFileSync, writeFileSync } from 'node:fs'
import { Dataset, File, type Group } from 'h5wasm/node'
import { createHdf5, discardHdf5, writingHdf5 } from '../hdf5.ts'

/** Samples in a chunk of `values`; MATLAB's are of this order. */
const chunkSamples = 65_536

const headerBytes = 512

const types = {
  int16: { dtype: '<h', array: Int16Array },
  single: { dtype: '<f', array: Float32Array },
  double: { dtype: '<d', array: Float64Array },
} as const

/** A waveform channel of a Spike2 export. Of int16 values the sample is `value × scale / 6553.6 + offset`, in `units`. */
export type MatChannel = {
  readonly name: string
  readonly valueClass: keyof typeof types
  readonly samples: number
  readonly intervalS: number
  readonly startS: number
  readonly scale: number
  readonly offset: number
  readonly units: string
  readonly title: string
}

export type Mat73Writer = {
  /** Adds a channel whose values are all zero yet. */
  readonly addChannel: (channel: MatChannel) => void
  /** Puts values of a channel, from sample `from` on. Whole chunks of 65,536 are the fast ones. */
  readonly write: (channel: string, from: number, values: Int16Array | Float32Array | Float64Array) => void
  readonly finish: () => void
  /** Closes and removes the file. */
  readonly discard: () => void
}

/** Creates or replaces the file; equal content gives equal bytes. Throws InputError when it cannot be written. */
export async function createMat73(path: string): Promise<Mat73Writer> {
  const empty = await createHdf5(path)
  const writing = <T>(write: () => T): T => writingHdf5(path, write)
  const file = writing(() => {
    empty.close()
    prependHeader(path)
    return new File(path, 'a')
  })
  return {
    addChannel: (channel) => writing(() => addStruct(file, channel)),
    write: (channel, from, values) =>
      writing(() => {
        const dataset = file.get(`${channel}/values`)
        if (!(dataset instanceof Dataset)) throw new Error(`no channel ${channel} was added`)
        dataset.write_slice([[], [from, from + values.length]], values)
      }),
    finish: () => void writing(() => file.close()),
    discard: () => discardHdf5(path, file),
  }
}

/**
 * Puts the header before the still empty HDF5 file: the library cannot reserve the room itself, but finds its own start
 * at byte 512 when it opens the file again, and goes on from there.
 */
function prependHeader(path: string): void {
  const header = Buffer.alloc(headerBytes)
  header.fill(' ', 0, 116)
  header.write(
    'MATLAB 7.3 MAT-file, Platform: labmake, Created on: Thu Jan  1 00:00:00 1970 HDF5 schema 1.00 .',
    'latin1',
  )
  header.writeUInt16LE(0x0200, 124)
  header.write('IM', 126, 'latin1')
  writeFileSync(path, Buffer.concat([header, readFileSync(path)]))
}

function addStruct(file: File, channel: MatChannel): void {
  const group = file.create_group(channel.name)
  writeClass(group, 'struct')
  writeText(group, 'title', channel.title)
  writeNumber(group, 'interval', channel.intervalS)
  writeNumber(group, 'scale', channel.scale)
  writeNumber(group, 'offset', channel.offset)
  writeText(group, 'units', channel.units)
  writeNumber(group, 'start', channel.startS)
  writeNumber(group, 'length', channel.samples)
  const { dtype, array } = types[channel.valueClass]
  const values = group.create_dataset({
    name: 'values',
    data: new array(0),
    shape: [1, 0],
    maxshape: [1, null],
    chunks: [1, chunkSamples],
    dtype,
  })
  writeClass(values, channel.valueClass)
  values.resize([1, channel.samples])
}

function writeNumber(group: Group, name: string, value: number): void {
  writeClass(group.create_dataset({ name, data: [value], shape: [1, 1], dtype: '<d' }), 'double')
}

/** MATLAB's characters are UTF-16, one a number. */
function writeText(group: Group, name: string, text: string): void {
  const data = Uint16Array.from(text, (character) => character.charCodeAt(0))
  const dataset = group.create_dataset({ name, data, shape: [data.length, 1], dtype: '<H' })
  writeClass(dataset, 'char')
  dataset.create_attribute('MATLAB_int_decode', 2, null, '<i')
}

function writeClass(object: Group | Dataset, name: string): void {
  object.create_attribute('MATLAB_class', name, null, `S${name.length}`)
}
