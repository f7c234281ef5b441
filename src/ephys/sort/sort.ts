import { closeSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '../errors.ts'
import type { Progress } from '../progress.ts'
import { writeAll } from '../writeAll.ts'
import { bandPass, type Filter } from './bandpass.ts'
import { detectPeaks, type Peak } from './detect.ts'
import { waveformBasis } from './features.ts'
import { filteredBlocks } from './filtered.ts'
import { findSpikes } from './findSpikes.ts'
import { findUnits } from './findUnits.ts'
import { neighboursWithin, type Position, REACH_UM } from './neighbours.ts'
import { noiseDeviations } from './noise.ts'
import { FEWEST_SPIKES, RECORDING_FILE, writePhyFolder } from './phy.ts'
import { type Recording, totalSamples } from './recording.ts'
import { liesInOneStretch } from './stretches.ts'
import { appendTraces, openTraces, type Traces, traceWindows } from './traces.ts'
import { type Windows, windowsAt } from './windows.ts'

/** Robust standard deviations of the noise that a spike's trough must exceed. */
const THRESHOLD = 5
/** Samples read at a time, of all channels: a multiple of the source's chunks. */
const BLOCK_SAMPLES = 16_384
/** Below twice the spikes' band there is nothing to sort. */
const LEAST_SAMPLE_RATE_HZ = 2000
const SCRATCH_FILE = '.filtered.tmp'

export interface SortOptions {
  readonly recording: Recording
  /** Where the channels lie, in their order. */
  readonly positions: readonly Position[]
  /** An empty folder. */
  readonly folder: string
  readonly progress: Progress
  /** Any number of them gives the same result. */
  readonly blockSamples?: number
}

export interface SortSummary {
  readonly units: number
  readonly spikes: number
}

/** Of all the work, what has been done when a part ends; measured on 32 channels. */
const DONE_AFTER = { filtering: 0.4, detecting: 0.5, clustering: 0.65 }

/**
 * Sorts a recording into `folder` for phy: band-pass, troughs, clusters of waveforms on each channel, templates, and
 * matching of the templates. Holds a second or two of samples at a time; the filtered recording is kept in a file of the
 * folder meanwhile, as large as the recording. Throws InputError when there are no spikes.
 */
export function sortRecording(options: SortOptions): SortSummary {
  const { recording, positions, folder, progress, blockSamples = BLOCK_SAMPLES } = options
  const { sampleRateHz, channelNames } = recording
  if (sampleRateHz < LEAST_SAMPLE_RATE_HZ) {
    throw new InputError(`the sample rate is ${sampleRateHz} Hz: too low for spikes`, {
      hint: `Sorting takes recordings of ${LEAST_SAMPLE_RATE_HZ} Hz and more.`,
    })
  }
  const windows = windowsAt(sampleRateHz)
  const filter = bandPass(sampleRateHz)
  const deviations = noiseDeviations(recording, filter)
  const scratch = join(folder, SCRATCH_FILE)
  let traces: Traces | undefined
  try {
    writeTraces({ recording, filter, deviations, folder, scratch, blockSamples, progress })
    const borders = bordersOf(recording)
    traces = openTraces(scratch, { channels: positions.length, borders })
    const peaks = findPeaks(traces, { positions, windows, blockSamples, progress })
    if (peaks.length < FEWEST_SPIKES) throw noSpikes(peaks.length)
    const basis = waveformBasis(traces, peaks, windows)
    const units = findUnits(traces, peaks, { positions, windows, basis, sampleRateHz })
    progress.report(DONE_AFTER.clustering, `${units.length} templates`)
    const { templates, spikes } = findSpikes(traces, units, {
      ...{ positions, windows, blockSamples, basis },
      report: (done) => progress.report(DONE_AFTER.clustering + (1 - DONE_AFTER.clustering) * done, 'matching'),
    })
    if (spikes.count < FEWEST_SPIKES) throw noSpikes(spikes.count)
    writePhyFolder(folder, { sampleRateHz, channelNames, positions, deviations, windows, templates, spikes })
    return { units: templates.length, spikes: spikes.count }
  } finally {
    traces?.close()
    rmSync(scratch, { force: true })
  }
}

/** One pass over the source: the samples as they are into recording.dat, the filtered ones into the scratch file. */
function writeTraces(options: {
  readonly recording: Recording
  readonly filter: Filter
  readonly deviations: Float64Array
  readonly folder: string
  readonly scratch: string
  readonly blockSamples: number
  readonly progress: Progress
}): void {
  const { recording, filter, deviations, blockSamples } = options
  const channels = recording.channelNames.length
  const total = totalSamples(recording)
  const dat = openSync(join(options.folder, RECORDING_FILE), 'w')
  const scratch = openSync(options.scratch, 'w')
  let done = 0
  try {
    for (const stretch of recording.stretches) {
      const blocks = filteredBlocks(stretch, { filter, channels, sampleRateHz: recording.sampleRateHz, blockSamples })
      for (const block of blocks) {
        writeAll(dat, block.raw)
        appendTraces(scratch, block, deviations)
        done += block.samples
        options.progress.report((DONE_AFTER.filtering * done) / total, 'filtering')
      }
    }
  } finally {
    closeSync(dat)
    closeSync(scratch)
  }
}

/** All troughs over the threshold whose waveforms lie in one stretch. */
function findPeaks(
  traces: Traces,
  on: {
    readonly positions: readonly Position[]
    readonly windows: Windows
    readonly blockSamples: number
    readonly progress: Progress
  },
): Peak[] {
  const { windows } = on
  const detect = { threshold: THRESHOLD, neighbours: neighboursWithin(on.positions, REACH_UM), windows }
  const peaks: Peak[] = []
  for (const window of traceWindows(traces, { core: on.blockSamples, margin: windows.exclusion })) {
    for (const peak of detectPeaks(window, { from: window.coreFrom, to: window.coreTo }, detect)) {
      const isWhole = liesInOneStretch(traces.borders, peak.sample - windows.before, peak.sample + windows.after)
      if (isWhole) peaks.push(peak)
    }
    const part = DONE_AFTER.detecting - DONE_AFTER.filtering
    on.progress.report(DONE_AFTER.filtering + (part * window.coreTo) / traces.samples, 'detecting')
  }
  return peaks
}

function bordersOf(recording: Recording): number[] {
  const borders = [0]
  for (const { samples } of recording.stretches) borders.push(borders.at(-1)! + samples)
  return borders
}

function noSpikes(found: number): InputError {
  const what = found === 0 ? 'no spikes' : 'only one spike'
  return new InputError(`${what} found above ${THRESHOLD} robust standard deviations of the noise`, {
    hint: 'Look at the recording: was the probe in place? De-noise it another way, or omit noisy channels, and sort again.',
  })
}
