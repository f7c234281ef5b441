import type { Use } from '../model/record.ts'
import { formatSeconds } from './durations.ts'
import { sizeText } from './sizes.ts'

/** Less than this rounds to nothing. */
const leastSeconds = 0.05

/** `cpu 3h20, 11 GB`: what a row has room for. Empty if nothing is known that is worth it. */
export function briefUsedText({ cpuSeconds = 0, peakBytes }: Use): string {
  return [
    ...(cpuSeconds < leastSeconds ? [] : [`cpu ${formatSeconds(cpuSeconds)}`]),
    ...(peakBytes === undefined ? [] : [sizeText(peakBytes)]),
  ].join(', ')
}

/** `3h20 of processor time, 11 GB of memory at most, read 12 GB, wrote 3.0 GB`; empty if nothing is known. */
export function usedText({ cpuSeconds, peakBytes, readBytes, writtenBytes }: Use): string {
  return [
    ...(cpuSeconds === undefined ? [] : [`${formatSeconds(cpuSeconds)} of processor time`]),
    ...(peakBytes === undefined ? [] : [`${sizeText(peakBytes)} of memory at most`]),
    ...(readBytes === undefined ? [] : [`read ${sizeText(readBytes)}`]),
    ...(writtenBytes === undefined ? [] : [`wrote ${sizeText(writtenBytes)}`]),
  ].join(', ')
}
