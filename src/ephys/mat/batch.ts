// A batch's source: one .mat file or a folder of them, as consecutive stretches of the same channels.
import { readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { InputError, messageOf } from '../errors.ts'
import { openMat } from './openMat.ts'
import { badChannel, type MatRecording, type PortChannel, portNumber } from './recording.ts'
import { findStretches } from './stretches.ts'
import { commonUnits, type Scaling } from './units.ts'

/** Intervals that differ by less are one rate: the recorder's clock is told in seconds, rounded. */
const sameRate = 1e-6

/** A part of a file without gaps. */
export type Stretch = {
  /** Its file's place in `files`. */
  readonly file: number
  /** Its first sample in the file. */
  readonly from: number
  readonly samples: number
  readonly startTimeS: number
}

export type BatchFile = {
  readonly name: string
  readonly recording: MatRecording
  /** The kept channels in this file, in the order of `channelNames`. */
  readonly channels: readonly PortChannel[]
  /** How each channel's numbers become values in the batch's units. */
  readonly scalings: readonly Scaling[]
}

export type Batch = {
  /** The source's own name, without `.mat`. */
  readonly name: string
  readonly files: readonly BatchFile[]
  /** Those in every file and not omitted, ordered by number. */
  readonly channelNames: readonly string[]
  readonly omitted: readonly string[]
  /** Those that are not in every file, each with the files that lack it. */
  readonly missing: readonly { readonly channel: string; readonly files: readonly string[] }[]
  readonly sampleRateHz: number
  readonly stretches: readonly Stretch[]
  readonly units: string
  /** Volts in one of `units`; undefined when they are no voltage we know. */
  readonly unitVolts: number | undefined
  readonly close: () => void
}

/** Opens all files and checks that they go together. Throws InputError naming the file and channel that does not. */
export async function openBatch(source: string, omitted: readonly string[]): Promise<Batch> {
  const paths = listMatFiles(source)
  const omit = new Set(omitted)
  const recordings: MatRecording[] = []
  const close = () => {
    for (const recording of recordings) recording.close()
  }
  try {
    for (const path of paths) {
      const recording = await openMat(path, omit)
      recordings.push(recording)
      // What it keeps serves to read on. Only the first is read next, and there may be hundreds.
      if (recordings.length > 1) recording.release()
    }
    checkOmitted(recordings, omitted)
    const { channelNames, missing } = commonChannels(recordings)
    const kept = recordings.map((recording) => {
      const channels = channelNames.map((name) => recording.channels.find((channel) => channel.name === name)!)
      return { name: basename(recording.path), recording, channels }
    })
    for (const { recording, channels } of kept) checkAlike(recording.path, channels)
    const intervalS = commonInterval(kept)
    const { units, unitVolts, scalings } = commonUnits(kept)
    const files = kept.map((file, i) => ({ ...file, scalings: scalings[i]! }))
    const stretches = await findStretches(files)
    const name = basename(source).replace(/\.mat$/i, '')
    const sampleRateHz = roundRate(1 / intervalS)
    return { name, files, channelNames, omitted, missing, sampleRateHz, stretches, units, unitVolts, close }
  } catch (error) {
    close()
    throw error
  }
}

/** The .mat files of a folder in the order of the numbers in their names, or the one file. Hidden files are passed by. */
function listMatFiles(source: string): string[] {
  let names: string[]
  try {
    if (!statSync(source).isDirectory()) return [source]
    names = readdirSync(source)
  } catch (error) {
    throw new InputError(`${source} cannot be read: ${messageOf(error)}`, {
      hint: 'Give a folder of .mat files, or one .mat file, that exists and that you may read.',
      cause: error,
    })
  }
  const inOrder = new Intl.Collator('en', { numeric: true }).compare
  const mats = names.filter((name) => /\.mat$/i.test(name) && !name.startsWith('.')).sort(inOrder)
  if (mats.length > 0) return mats.map((name) => join(source, name))
  throw new InputError(`${source} has no .mat file`, {
    hint: names.length === 0 ? 'The folder is empty.' : `It has ${names.slice(0, 8).join(', ')}.`,
  })
}

/** A name to omit that no file has is a slip of the pen, which would leave a bad channel in. */
function checkOmitted(recordings: readonly MatRecording[], omitted: readonly string[]): void {
  const known = portNames(recordings)
  const unknown = omitted.filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  throw new InputError(`no file has the channel to omit: ${unknown.join(', ')}`, {
    hint: `The channels are ${known.join(', ')}. Names are taken exactly.`,
  })
}

function portNames(recordings: readonly MatRecording[]): string[] {
  const names = new Set(recordings.flatMap((recording) => recording.portNames))
  return [...names].sort((a, b) => portNumber(a)! - portNumber(b)!)
}

function commonChannels(recordings: readonly MatRecording[]) {
  const all = portNames(recordings.map((recording) => ({ ...recording, portNames: recording.channels.map(nameOf) })))
  const missing = all
    .map((channel) => ({ channel, files: recordings.filter((r) => !r.channels.some((c) => c.name === channel)) }))
    .filter(({ files }) => files.length > 0)
    .map(({ channel, files }) => ({ channel, files: files.map(({ path }) => basename(path)) }))
  const channelNames = all.filter((name) => !missing.some(({ channel }) => channel === name))
  if (channelNames.length > 0) return { channelNames, missing }
  if (all.length === 0) throw new InputError('every channel is omitted', { hint: 'Omit fewer channels.' })
  throw new InputError('no channel is in every file of the batch', {
    hint: missing.map(({ channel, files }) => `${channel} is not in ${files.join(', ')}`).join('; '),
  })
}

const nameOf = ({ name }: PortChannel) => name

function checkAlike(path: string, channels: readonly PortChannel[]): void {
  const [first] = channels
  for (const channel of channels) {
    if (channel.samples === 0) throw badChannel(path, channel.name, 'there are no samples', 'at least one')
    if (Math.abs(channel.intervalS / first!.intervalS - 1) > sameRate) {
      const rate = `${hertz(channel.intervalS)}`
      throw badChannel(path, channel.name, `the rate is ${rate}`, `${hertz(first!.intervalS)} as in ${first!.name}`)
    }
    if (channel.samples !== first!.samples) {
      const expected = `${first!.samples} as in ${first!.name}`
      throw badChannel(path, channel.name, `there are ${channel.samples} samples`, expected)
    }
  }
}

function commonInterval(
  files: readonly { readonly name: string; readonly channels: readonly PortChannel[] }[],
): number {
  const intervalS = files[0]!.channels[0]!.intervalS
  const other = files.find(({ channels }) => Math.abs(channels[0]!.intervalS / intervalS - 1) > sameRate)
  if (other === undefined) return intervalS
  const rate = hertz(other.channels[0]!.intervalS)
  throw new InputError(`${other.name} was recorded at ${rate}; expected ${hertz(intervalS)} as in ${files[0]!.name}`, {
    hint: 'Files of one batch have one rate: put the others into a batch of their own.',
  })
}

const hertz = (intervalS: number) => `${roundRate(1 / intervalS)} Hz`

/** 1 / 0.0000666… is a hair beside 15000. */
function roundRate(rateHz: number): number {
  const whole = Math.round(rateHz)
  return Math.abs(rateHz / whole - 1) < sameRate ? whole : rateHz
}
