/** The stretches of time around a spike that the sorter looks at, in samples. */
export interface Windows {
  /** Rows of a waveform before the trough. */
  readonly before: number
  /** Rows of a waveform from the trough on. */
  readonly after: number
  /** before + after */
  readonly length: number
  /** Of two troughs nearer than this on neighbouring channels, the deeper one is the spike. */
  readonly exclusion: number
  /** How far a template is moved to fit a trough. */
  readonly lag: number
}

export function windowsAt(sampleRateHz: number): Windows {
  const samples = (ms: number) => Math.max(1, Math.round((ms * sampleRateHz) / 1000))
  const before = samples(1)
  const after = samples(1.5)
  return { before, after, length: before + after, exclusion: samples(0.5), lag: samples(0.15) }
}
