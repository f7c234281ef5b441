import { type Random, seededRandom } from '../random.ts'

/** What is wrong with some of the channels. */
export interface BadChannels {
  /** Record next to nothing. */
  readonly dead: readonly number[]
  /** Drown in noise of their own. */
  readonly noisy: readonly number[]
}

export function isBad(bad: BadChannels, channel: number): boolean {
  return bad.dead.includes(channel) || bad.noisy.includes(channel)
}

/** Noise in µV of one sample after another, on all channels. */
export interface NoiseSource {
  /** Fills `samplesUv` (one value per channel) with the next sample's noise; dead channels are left to the caller. */
  next(samplesUv: Float64Array): void
}

/** Of each channel's own noise: AR(1) with this memory, 8 to 12 µV. */
const MEMORY = 0.6
const NOISY_UV = 120
const MAINS_HZ = 60
const ARTIFACT_S = 0.05
const ARTIFACTS_PER_S = 0.15

/**
 * Each channel's own noise, and what all channels share, at a gain of 0.8 to 1.25 each: broadband, a slow drift, mains
 * hum with its third harmonic, and now and then an artifact of 50 ms (a movement, a stimulus).
 */
export function noiseSource(options: {
  readonly seed: number
  readonly channels: number
  readonly sampleRateHz: number
  readonly bad: BadChannels
}): NoiseSource {
  const { channels, sampleRateHz, bad } = options
  const random = seededRandom(options.seed)
  const gains = Float64Array.from({ length: channels }, () => random.range(0.8, 1.25))
  const deviationsUv = Float64Array.from({ length: channels }, () => random.range(8, 12))
  const extraUv = Float64Array.from({ length: channels }, (_, channel) => (bad.noisy.includes(channel) ? NOISY_UV : 0))
  const own = new Float64Array(channels)
  const innovation = Math.sqrt(1 - MEMORY * MEMORY)
  const common = commonNoise(random, sampleRateHz)
  return {
    next(samplesUv) {
      const sharedUv = common()
      for (let channel = 0; channel < channels; channel++) {
        own[channel] = MEMORY * own[channel]! + innovation * random.normal()
        samplesUv[channel] = deviationsUv[channel]! * own[channel]! + gains[channel]! * sharedUv
        if (extraUv[channel]! > 0) samplesUv[channel]! += extraUv[channel]! * random.normal()
      }
    },
  }
}

/** The noise all channels share, µV, one sample after another. */
function commonNoise(random: Random, sampleRateHz: number): () => number {
  const radiansPerSample = (2 * Math.PI * MAINS_HZ) / sampleRateHz
  const artifact = artifacts(random, sampleRateHz)
  let broadband = 0
  let drift = 0
  let sample = 0
  return () => {
    broadband = 0.7 * broadband + random.normal()
    drift = 0.995 * drift + random.normal()
    const mains = 40 * Math.sin(radiansPerSample * sample) + 15 * Math.sin(3 * radiansPerSample * sample + 1)
    sample++
    return 18 * broadband + 6 * drift + mains + artifact()
  }
}

/** Bursts of a tone under a half-sine, at random times; 0 between them. */
function artifacts(random: Random, sampleRateHz: number): () => number {
  const samples = Math.round(ARTIFACT_S * sampleRateHz)
  let left = 0
  let amplitudeUv = 0
  let radiansPerSample = 0
  return () => {
    if (left === 0) {
      if (random.uniform() >= ARTIFACTS_PER_S / sampleRateHz) return 0
      left = samples
      amplitudeUv = random.range(150, 400)
      radiansPerSample = (2 * Math.PI * random.range(300, 1500)) / sampleRateHz
    }
    left--
    return amplitudeUv * Math.sin((samples - left) * radiansPerSample) * Math.sin((Math.PI * left) / samples)
  }
}
