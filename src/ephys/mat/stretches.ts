// Where a recording was paused: the stretches between its gaps.
import type { InputError } from '../errors.ts'
import type { BatchFile, Stretch } from './batch.ts'
import { badChannel } from './recording.ts'

/** A step in `times` of more intervals than this is a gap. */
const gapIntervals = 1.5

/** More gaps than a person makes: the times are then not those of the samples (milliseconds, say). */
const mostGaps = 10_000

/**
 * The stretches of all files in order. The first channel's `times` speak for all, since the recorder samples them
 * together. Times go forward over the batch: a file whose clock starts anew follows the end of the one before.
 */
export async function findStretches(files: readonly Omit<BatchFile, 'scalings'>[]): Promise<Stretch[]> {
  const stretches: Stretch[] = []
  let endS = 0
  for (const [file, { recording, channels }] of files.entries()) {
    const channel = channels[0]!
    const starts = channel.hasTimes ? await findStarts(recording, channel) : [{ from: 0, timeS: channel.startS ?? 0 }]
    const shiftS = Math.max(0, endS - starts[0]!.timeS)
    for (const [i, { from, timeS }] of starts.entries()) {
      const samples = (starts[i + 1]?.from ?? channel.samples) - from
      stretches.push({ file, from, samples, startTimeS: timeS + shiftS })
      endS = timeS + shiftS + samples * channel.intervalS
    }
  }
  return stretches
}

type Start = { readonly from: number; readonly timeS: number }

async function findStarts(
  recording: BatchFile['recording'],
  channel: BatchFile['channels'][number],
): Promise<[Start, ...Start[]]> {
  const { path } = recording
  const gapS = gapIntervals * channel.intervalS
  let starts: [Start, ...Start[]] | undefined
  let index = 0
  let lastS = 0
  for await (const times of recording.readTimes(channel)) {
    for (const timeS of times) {
      if (starts === undefined) starts = [{ from: 0, timeS }]
      else if (timeS - lastS > gapS) starts.push({ from: index, timeS })
      else if (!(timeS > lastS)) throw badTimes(path, channel.name, `times go from ${lastS} to ${timeS} s`)
      if (starts.length > mostGaps) throw badTimes(path, channel.name, `times have more than ${mostGaps} gaps`)
      lastS = timeS
      index++
    }
  }
  if (index !== channel.samples || starts === undefined) {
    throw badTimes(path, channel.name, `there are ${index} times for ${channel.samples} samples`)
  }
  return starts
}

function badTimes(path: string, name: string, why: string): InputError {
  return badChannel(path, name, why, 'a rising time in seconds for each sample')
}
