// From a folder of .mat files to a .kwd without common noise, in two passes: one to know the recording, one to write.
import { createKwd, type KwdMaking, type KwdWriter } from '../kwd.ts'
import { type Batch, openBatch } from '../mat/batch.ts'
import { type Progress, startProgress } from '../progress.ts'
import { type Block, blockRows, readBlocks, totalRows } from './blocks.ts'
import { fixedOne, tileRows, toFixed } from './fixedPoint.ts'
import { type Judgement, judgeChannels } from './judge.ts'
import { type Method, makeReference, type Reference } from './reference.ts'
import { describeBatch, describeTarget } from './report.ts'
import { targetScale } from './scale.ts'
import { openScratch, type Scratch } from './scratch.ts'
import { type Survey, surveyBatch } from './survey.ts'
import { checkTarget } from './target.ts'

export type DenoiseOptions = {
  /** A folder of .mat files, or one. */
  readonly source: string
  /** The .kwd to write. A partial one is removed when anything fails. */
  readonly target: string
  readonly omit: readonly string[]
  readonly method: Method
}

/** Throws InputError for any fault of the source or the target; there is no target then. */
export async function denoise(options: DenoiseOptions): Promise<void> {
  const batch = await openBatch(options.source, options.omit)
  const scratch = openScratch(options.target)
  try {
    checkTarget(
      batch.files.map(({ recording }) => recording.path),
      options.target,
    )
    for (const line of describeBatch(batch)) console.error(line)
    const progress = startProgress('denoise')
    const rows = totalRows(batch)
    const needsCovariance = options.method === 'war'
    // Both passes read all there is.
    const onBlock = (block: Block) => {
      scratch.keep(block.file, block.channels)
      progress.report((block.firstRow + block.rows) / rows / 2, 'reading')
    }
    const survey = await surveyBatch(batch, { covariance: needsCovariance, onBlock })
    const judgements = judgeChannels(survey.probes)
    const making = describeMaking(batch, survey, judgements, options)
    const clipped = await writeTarget(batch, survey, judgements, { ...options, making, progress, scratch })
    for (const line of describeTarget(making, rows, clipped)) console.error(line)
  } finally {
    scratch.close()
    batch.close()
  }
}

function describeMaking(
  batch: Batch,
  survey: Survey,
  judgements: readonly Judgement[],
  { method, omit }: DenoiseOptions,
): KwdMaking {
  const scale = targetScale(batch, survey, judgements)
  const named = (wanted: Judgement) => batch.channelNames.filter((_, c) => judgements[c] === wanted)
  const volts = batch.unitVolts
  return {
    name: batch.name,
    channelNames: batch.channelNames,
    omitted: omit,
    dead: named('dead'),
    noisy: named('noisy'),
    method,
    scale,
    units: batch.units,
    ...(volts === undefined ? {} : { channelBitVolts: batch.channelNames.map(() => scale * volts) }),
  }
}

type Writing = DenoiseOptions & {
  readonly making: KwdMaking
  readonly progress: Progress
  readonly scratch: Scratch
}

/** The second pass. Returns how many samples were clipped. */
async function writeTarget(
  batch: Batch,
  survey: Survey,
  judgements: readonly Judgement[],
  { target, method, making, progress, scratch }: Writing,
): Promise<number> {
  const denoiseBlock = startDenoising(survey.means, making.scale, makeReference(method, judgements, survey.covariance))
  const kwd = await createKwd(target, making)
  try {
    let clippedSamples = 0
    let stretch: Block['stretch'] | undefined
    for await (const block of readBlocks(batch, scratch)) {
      if (block.stretch !== stretch) beginStretch(kwd, batch, block)
      stretch = block.stretch
      const { rows, clipped } = denoiseBlock(block)
      kwd.write(rows)
      clippedSamples += clipped
      progress.report((1 + (block.firstRow + block.rows) / survey.rows) / 2, 'writing')
    }
    kwd.finish({ clippedSamples })
    progress.done()
    return clippedSamples
  } catch (error) {
    kwd.discard()
    throw error
  }
}

function beginStretch(kwd: KwdWriter, batch: Batch, { stretch, file }: Block): void {
  const { sampleRateHz } = batch
  kwd.startRecording({ sampleRateHz, startTimeS: stretch.startTimeS, source: file.name })
}

/**
 * Makes a block's rows as they are written: rows × channels. The next block's overwrite them: fresh memory for each costs
 * time.
 */
function startDenoising(means: Float64Array, scale: number, reference: Reference) {
  const channels = means.length
  const rows = new Int16Array(blockRows * channels)
  const columns = Array.from(means, () => new Int32Array(tileRows))
  return (block: Block) => {
    const conversions = block.file.scalings.map(({ gain, offset }, c) => ({
      factor: (gain / scale) * fixedOne,
      shift: Math.round(((offset - means[c]!) / scale) * fixedOne),
    }))
    let clipped = 0
    for (let from = 0; from < block.rows; from += tileRows) {
      const to = Math.min(block.rows, from + tileRows)
      for (let c = 0; c < channels; c++) toFixed(block.channels[c]!.subarray(from, to), columns[c]!, conversions[c]!)
      clipped += reference(columns, to - from, rows.subarray(from * channels, to * channels))
    }
    return { rows: rows.subarray(0, block.rows * channels), clipped }
  }
}
