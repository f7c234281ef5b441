// The .kwd file: int16 samples of all channels, as klusta-suite lays it out (HDF5):
//
//   /                    @kwik_version @name
//   /recordings/<i>      @name @sample_rate @start_time @start_sample @bit_depth
//   /recordings/<i>/data int16 (samples, channels), in chunks of 8192 samples
//   /recordings/<i>/application_data  @channel_bit_volts (channels), when the gain is known: volts, as the name says
//   /labmake             ours: what made it, as attributes; lists are joined by commas, as --omit takes them
//
// It holds no dates: the same input gives the same bytes.
import { Dataset, type File, Group } from 'h5wasm/node'
import { version } from '../version.ts'
import { InputError } from './errors.ts'
import { closeAfterError, createHdf5, discardHdf5, openHdf5, readingHdf5, readSlice, writingHdf5 } from './hdf5.ts'

/** Samples in a chunk. Reads and writes of whole chunks, from a multiple of it, are the fast ones. */
const chunkSamples = 8192

/** What made a .kwd; all of it is written into the file. */
export type KwdMaking = {
  readonly name: string
  readonly channelNames: readonly string[]
  readonly omitted: readonly string[]
  readonly dead: readonly string[]
  readonly noisy: readonly string[]
  readonly method: string
  /** The recorder's value of one count, in `units`; a sample is that times its int16. */
  readonly scale: number
  readonly units: string
  /** Volts per count, one for each channel; absent when the units are not volts. */
  readonly channelBitVolts?: readonly number[]
}

/** A stretch without gaps, as it is begun. */
export type KwdStretch = {
  readonly sampleRateHz: number
  readonly startTimeS: number
  /** The name of the file that it came from. */
  readonly source: string
}

export type KwdWriter = {
  readonly startRecording: (stretch: KwdStretch) => void
  /** Adds rows to the recording begun last: samples × channels, row by row. Throws InputError when the disk is full. */
  readonly write: (rows: Int16Array) => void
  /** Closes the file, with what is known only at the end. */
  readonly finish: (facts: { readonly clippedSamples: number }) => void
  /** Closes and removes the file. */
  readonly discard: () => void
}

/** Creates or replaces `path`. Throws InputError when that cannot be. */
export async function createKwd(path: string, making: KwdMaking): Promise<KwdWriter> {
  const file = await createHdf5(path)
  const channels = making.channelNames.length
  const writing = <T>(write: () => T): T => writingHdf5(path, write)
  let recordings = 0
  let samples = 0
  let data: Dataset | undefined
  const discard = () => discardHdf5(path, file)
  try {
    writing(() => {
      file.create_attribute('kwik_version', 2, null, '<i')
      file.create_attribute('name', making.name)
      writeMaking(file.create_group('labmake'), making)
      file.create_group('recordings')
    })
  } catch (error) {
    discard()
    throw error
  }
  return {
    startRecording: (stretch) => {
      data = writing(() => createRecording(file, recordings, stretch, making))
      recordings++
      samples = 0
    },
    write: (rows) => {
      const from = samples
      samples += rows.length / channels
      writing(() => {
        data!.resize([samples, channels])
        data!.write_slice([[from, samples], []], rows)
      })
    },
    finish: (facts) =>
      writing(() => {
        const labmake = file.get('labmake') as Group
        writeInt64(labmake, 'clipped_samples', facts.clippedSamples)
        file.close()
      }),
    discard,
  }
}

function writeMaking(group: Group, making: KwdMaking): void {
  group.create_attribute('version', version)
  group.create_attribute('method', making.method)
  group.create_attribute('channels', making.channelNames.join(','))
  group.create_attribute('omitted', making.omitted.join(','))
  group.create_attribute('dead', making.dead.join(','))
  group.create_attribute('noisy', making.noisy.join(','))
  group.create_attribute('scale', making.scale, null, '<d')
  group.create_attribute('units', making.units)
}

function createRecording(file: File, index: number, stretch: KwdStretch, making: KwdMaking): Dataset {
  const channels = making.channelNames.length
  const group = (file.get('recordings') as Group).create_group(String(index))
  group.create_attribute('name', `recording_${index}`)
  group.create_attribute('sample_rate', stretch.sampleRateHz, null, '<d')
  group.create_attribute('start_time', stretch.startTimeS, null, '<d')
  writeInt64(group, 'start_sample', Math.round(stretch.startTimeS * stretch.sampleRateHz))
  group.create_attribute('bit_depth', 16, null, '<i')
  group.create_attribute('source', stretch.source)
  if (making.channelBitVolts !== undefined) {
    const applicationData = group.create_group('application_data')
    applicationData.create_attribute('channel_bit_volts', [...making.channelBitVolts], null, '<d')
  }
  return group.create_dataset({
    name: 'data',
    data: new Int16Array(0),
    shape: [0, channels],
    maxshape: [null, channels],
    chunks: [chunkSamples, channels],
    dtype: '<h',
  })
}

function writeInt64(group: Group, name: string, value: number): void {
  group.create_attribute(name, BigInt64Array.of(BigInt(value)), [], '<q')
}

/** One stretch of a .kwd. */
export type KwdRecording = {
  /** Its place in `recordings`; the groups of the file in the order of their numbers. */
  readonly index: number
  readonly sampleRateHz: number
  readonly startTimeS: number
  readonly samples: number
  readonly channels: number
}

export type Kwd = {
  readonly path: string
  readonly recordings: readonly KwdRecording[]
  /** From the file; '0', '1', … where it does not say (klusta-suite wrote none). */
  readonly channelNames: readonly string[]
  /** Volts per count, one for each channel; absent when the file does not say. */
  readonly channelBitVolts?: readonly number[]
  /** Rows `from` to `to` (not included) of a recording: samples × channels, row by row. */
  readonly read: (recording: number, from: number, to: number) => Int16Array
  readonly close: () => void
}

/** Opens a .kwd, ours or klusta-suite's. Throws InputError when it is none, was cut short or holds no samples. */
export async function openKwd(path: string): Promise<Kwd> {
  const file = await openHdf5(path, 'a .kwd file')
  try {
    return readingHdf5(path, () => readLayout(path, file))
  } catch (error) {
    closeAfterError(file)
    throw error
  }
}

function readLayout(path: string, file: File): Kwd {
  const group = file.get('recordings')
  if (!(group instanceof Group)) throw notKwd(path, 'it has no /recordings')
  const names = group.keys().filter((name) => /^\d+$/.test(name))
  names.sort((a, b) => Number(a) - Number(b))
  const found = names.map((name, index) => readRecording(path, group, name, index))
  const [first] = found
  if (first === undefined) throw notKwd(path, '/recordings is empty')
  const { channels } = first.recording
  const other = found.find(({ recording }) => recording.channels !== channels)
  if (other) throw notKwd(path, `recordings of ${channels} and of ${other.recording.channels} channels`)
  if (found.every(({ recording }) => recording.samples === 0)) {
    throw new InputError(`${path} holds no samples`, { hint: 'Make it again: labmake-ephys denoise.' })
  }
  const labmake = file.get('labmake')
  const named = labmake instanceof Group ? String(attribute(labmake, 'channels') ?? '').split(',') : []
  const volts = attribute(group.get(`${names[0]}/application_data`), 'channel_bit_volts')
  return {
    path,
    recordings: found.map(({ recording }) => recording),
    channelNames: named.length === channels ? named : Array.from({ length: channels }, (_, c) => String(c)),
    ...(volts instanceof Float64Array && volts.length === channels ? { channelBitVolts: [...volts] } : {}),
    read: (recording, from, to) => {
      const ranges: [number, number][] = [
        [from, to],
        [0, channels],
      ]
      return readSlice(found[recording]!.data, path, ranges) as Int16Array
    },
    close: () => void file.close(),
  }
}

function readRecording(path: string, recordings: Group, name: string, index: number) {
  const group = recordings.get(name)
  const data = group instanceof Group ? group.get('data') : null
  if (!(data instanceof Dataset)) throw notKwd(path, `/recordings/${name} has no data`)
  const [samples, channels] = data.shape ?? []
  const { type, size, signed } = data.metadata
  if (samples === undefined || !channels || data.shape?.length !== 2 || type !== 0 || size !== 2 || !signed) {
    throw notKwd(path, `/recordings/${name}/data is not int16, samples × channels`)
  }
  const sampleRateHz = Number(attribute(group, 'sample_rate'))
  if (!(sampleRateHz > 0)) throw notKwd(path, `/recordings/${name} does not tell its sample_rate`)
  const startTimeS = Number(attribute(group, 'start_time') ?? 0)
  const recording: KwdRecording = { index, sampleRateHz, startTimeS, samples, channels }
  return { recording, data }
}

/** An attribute's value; undefined where it, or the object, is not there. */
function attribute(object: unknown, name: string): unknown {
  if (!(object instanceof Group)) return undefined
  return object.attrs[name]?.value ?? undefined
}

function notKwd(path: string, why: string): InputError {
  return new InputError(`${path} is not a whole .kwd file: ${why}`, { hint: 'Make it again: labmake-ephys denoise.' })
}
