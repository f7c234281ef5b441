import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { denoise } from '../../../src/ephys/denoise/denoise.ts'
import { openKwd } from '../../../src/ephys/kwd.ts'
import { folder } from '../folder.ts'

const recordings = fileURLToPath(new URL('../../../../shared/data/recordings', import.meta.url))

for (const [name, version, samples] of [
  ['locust_trial_01', '7.3', 431_548],
  ['locust_5s_v5', '5', 75_000],
] as const) {
  test(`the real recording ${name} (version ${version}) is de-noised whole`, async (ctx) => {
    if (!existsSync(recordings)) return ctx.skip('the real recordings are not at hand')
    using out = folder({})
    const error = vi.spyOn(console, 'error').mockReturnValue()
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const target = out.path('locust.kwd')
    await denoise({ source: `${recordings}/${name}`, target, omit: [], method: 'cmr' })
    error.mockRestore()
    stderr.mockRestore()
    const kwd = await openKwd(target)
    expect(kwd.channelNames).toEqual(['Port_1', 'Port_2', 'Port_3', 'Port_4'])
    expect(kwd.recordings).toEqual([{ index: 0, sampleRateHz: 15_000, startTimeS: 0, samples, channels: 4 }])
    // Spikes remain: the largest deflections are far out of the noise.
    const rows = kwd.read(0, 0, samples)
    const noise = Math.sqrt(rows.reduce((sum, value) => sum + value * value, 0) / rows.length)
    expect(rows.reduce((low, value) => Math.min(low, value), 0)).toBeLessThan(-5 * noise)
    kwd.close()
  })
}
