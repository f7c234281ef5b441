import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { folder } from '../ephys/folder.ts'
import { labmakeEphys } from './labmakeEphys.ts'

/** Ten minutes of 32 channels at 20 kHz: 768 MB. */
const SECONDS = 600
const MOST_MB = 700

test('memory does not grow with the recording: ten minutes of 32 channels are simulated and sorted', () => {
  using files = folder({})
  const report = (what: string, { residentMB, seconds }: ReturnType<typeof labmakeEphys>) => {
    const speed = (SECONDS / seconds).toFixed(0)
    console.log(`${what}: ${seconds.toFixed(1)} s (${speed} × real time), ${residentMB.toFixed(0)} MB resident`)
    expect(residentMB).toBeLessThan(MOST_MB)
  }
  report('simulate', labmakeEphys('simulate', files.path('B1'), '--channels', '32', '--seconds', String(SECONDS)))
  report('denoise', labmakeEphys('denoise', files.path('B1'), files.path('B1.kwd')))
  rmSync(files.path('B1', 'B1.mat'))
  report(
    'sort',
    labmakeEphys('sort', files.path('B1.kwd'), files.path('phy'), '--probe', files.path('B1', 'probe.json')),
  )
})
