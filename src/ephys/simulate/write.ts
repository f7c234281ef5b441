import { writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { version } from '../../version.ts'
import { createMat73, type Mat73Writer } from '../mat/writeMat73.ts'
import type { Progress } from '../progress.ts'
import { portName, probeInterfaceOf } from './layout.ts'
import { COUNT_UV, countsOf, SAMPLE_RATE_HZ, type SimulatedRecording } from './recording.ts'

/** What the .mat writer takes fastest. */
const BLOCK_SAMPLES = 65_536
/** The recorder's int16 values are in units of scale / 6553.6. */
const SPIKE2_FULL_SCALE = 6553.6

/** One .mat file's part of the recording. */
interface Part {
  readonly path: string
  readonly from: number
  readonly to: number
}

/** Writes the recording into `files` .mat files, one stretch of time each. Throws InputError when the disk is full. */
export async function writeMatFiles(
  recording: SimulatedRecording,
  target: { readonly folder: string; readonly files: number; readonly progress: Progress },
): Promise<void> {
  const blocks = countsOf(recording, BLOCK_SAMPLES)
  let block = { start: 0, counts: blocks.next().value as readonly Int16Array[] }
  for (const part of partsOf(recording, target.folder, target.files)) {
    const writer = await createMat73(part.path)
    try {
      addPorts(writer, recording, part)
      for (let at = part.from; at < part.to; ) {
        const end = block.start + block.counts[0]!.length
        if (at >= end) {
          block = { start: end, counts: blocks.next().value as readonly Int16Array[] }
          continue
        }
        const to = Math.min(end, part.to)
        for (const [channel, counts] of block.counts.entries()) {
          writer.write(portName(channel), at - part.from, counts.subarray(at - block.start, to - block.start))
        }
        at = to
        target.progress.report(at / recording.samples)
      }
      writer.finish()
    } catch (error) {
      writer.discard()
      throw error
    }
  }
}

/** The probe as the sorter takes it, and the spikes there are: `probe.json` and `truth.json`, beside the .mat files. */
export function writeTruth(recording: SimulatedRecording, folder: string): void {
  const { seed, level, samples, bad, cells } = recording
  const truth = {
    made_by: `labmake-ephys simulate ${version}`,
    seed,
    level,
    sample_rate_hz: SAMPLE_RATE_HZ,
    samples,
    dead: bad.dead.map(portName),
    noisy: bad.noisy.map(portName),
    units: cells.map(({ place, waveform, rateHz, spikes }) => ({
      place_um: place,
      peak_uv: waveform.peakUv,
      rate_hz: rateHz,
      spike_samples: spikes,
    })),
  }
  writeFileSync(join(folder, 'probe.json'), `${JSON.stringify(probeInterfaceOf(recording.layout), null, 2)}\n`)
  writeFileSync(join(folder, 'truth.json'), `${JSON.stringify(truth)}\n`)
}

function partsOf(recording: SimulatedRecording, folder: string, files: number): Part[] {
  const name = basename(resolve(folder))
  const digits = String(files).length
  const border = (part: number) => Math.round((part * recording.samples) / files)
  return Array.from({ length: files }, (_, part) => {
    const number = files === 1 ? '' : `_${String(part + 1).padStart(digits, '0')}`
    return { path: join(folder, `${name}${number}.mat`), from: border(part), to: border(part + 1) }
  })
}

function addPorts(writer: Mat73Writer, recording: SimulatedRecording, part: Part): void {
  for (let channel = 0; channel < recording.channels; channel++) {
    writer.addChannel({
      name: portName(channel),
      valueClass: 'int16',
      samples: part.to - part.from,
      intervalS: 1 / SAMPLE_RATE_HZ,
      startS: part.from / SAMPLE_RATE_HZ,
      scale: COUNT_UV * SPIKE2_FULL_SCALE,
      offset: 0,
      units: 'uV',
      title: portName(channel).replace('_', ' '),
    })
  }
}
