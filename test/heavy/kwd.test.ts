import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { medianOf } from '../../src/ephys/denoise/median.ts'
import { openKwd } from '../../src/ephys/kwd.ts'
import { createMat73 } from '../../src/ephys/mat/writeMat73.ts'
import { folder } from '../ephys/folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const python = `${root}.venv/bin/python`
const command = `${root}dist/labmake-ephys.js`
const noPython = `no ${python}: python3 -m venv .venv && .venv/bin/pip install -r test/heavy/requirements.txt`

/** Runs a script; its argument is the folder. Returns what it printed, as JSON. */
function runPython(script: string, at: string): unknown {
  return JSON.parse(
    execFileSync(python, ['-c', `import sys, json, numpy as np\nat = sys.argv[1]\n${script}`, at], {
      encoding: 'utf8',
    }),
  )
}

/** Runs denoise; returns its peak of resident memory and the time from start to end. */
function denoise(...args: readonly string[]) {
  const report = 'process.on("exit", () => process.stdout.write(String(process.resourceUsage().maxRSS)))'
  const startedMs = performance.now()
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${report}`, command, 'denoise', ...args],
    { encoding: 'utf8' },
  )
  expect(status, stderr).toBe(0)
  return { residentMB: Number(stdout) / 1024, seconds: (performance.now() - startedMs) / 1000 }
}

const makeChannels = `
rng = np.random.default_rng(7)
def channel(n, **more):
    values = np.cumsum(rng.integers(-50, 50, 150_001)).astype('i2')
    return dict(title=f'Port {n}', interval=1 / 20000, scale=6.5536, offset=0.0, units='mV', start=1.5, values=values, **more)
channels = {f'Port_{n}': channel(n) for n in (2, 10, 1)}
channels['DigMark'] = dict(times=np.arange(5.0), codes=np.zeros((5, 4), 'u1'))
expected = np.array([channels[f'Port_{n}']['values'] for n in (1, 2, 10)]).astype(float).T
expected = np.clip(np.floor(expected - expected.mean(0) + 0.5), -32768, 32767)
def compare(path):
    import h5py
    with h5py.File(path) as f:
        return bool((f['recordings/0/data'][:] == expected).all())
`

test('klusta takes the recordings of a .kwd, with its own reader', (ctx) => {
  if (!existsSync(python)) return ctx.skip(noPython)
  using files = folder({})
  runPython(
    `${makeChannels}
import scipy.io
scipy.io.savemat(at + '/a.mat', channels)
print(1)`,
    files.root,
  )
  denoise(files.path('a.mat'), files.path('a.kwd'))
  const found = runPython(
    `
import warnings; warnings.simplefilter('ignore')
from klusta.kwik.creator import KwikCreator
from klusta.kwik.h5 import open_h5
creator = KwikCreator(kwik_path=at + '/a.kwik')
creator.create_empty()
creator._add_recordings_from_kwd(at + '/a.kwd')
with open_h5(at + '/a.kwik', 'r') as kwik, open_h5(at + '/a.kwd', 'r') as kwd:
    print(json.dumps({'recordings': kwik.children('/recordings'),
                      'sample_rate': float(kwik.read_attr('/recordings/0', 'sample_rate')),
                      'shape': kwd.read('/recordings/0/data').shape}))`,
    files.root,
  )
  expect(found).toEqual({ recordings: ['0'], sample_rate: 20_000, shape: [150_001, 3] })
})

test('h5py reads the .kwd with the types of the format', (ctx) => {
  if (!existsSync(python)) return ctx.skip(noPython)
  using files = folder({})
  runPython(
    `${makeChannels}
import scipy.io
scipy.io.savemat(at + '/a.mat', channels)
print(1)`,
    files.root,
  )
  denoise(files.path('a.mat'), files.path('a.kwd'), '--omit', 'Port_10')
  const found = runPython(
    `
import h5py
f = h5py.File(at + '/a.kwd')
recording, data = f['recordings/0'], f['recordings/0/data']
print(json.dumps({
  'kwik_version': [f.attrs['kwik_version'].dtype.str, int(f.attrs['kwik_version'])],
  'attrs': {k: [v.dtype.str, float(v)] for k, v in recording.attrs.items() if not isinstance(v, str)},
  'name': recording.attrs['name'],
  'data': [data.dtype.str, data.shape, data.maxshape, data.chunks, data.compression],
  'bit_volts': [f['recordings/0/application_data'].attrs['channel_bit_volts'].dtype.str,
                f['recordings/0/application_data'].attrs['channel_bit_volts'].tolist()],
  'labmake': {k: f['labmake'].attrs[k] for k in ('channels', 'omitted', 'method', 'dead', 'noisy')},
}))`,
    files.root,
  )
  expect(found).toEqual({
    kwik_version: ['<i4', 2],
    attrs: {
      sample_rate: ['<f8', 20_000],
      start_time: ['<f8', 1.5],
      start_sample: ['<i8', 30_000],
      bit_depth: ['<i4', 16],
    },
    name: 'recording_0',
    data: ['<i2', [150_001, 2], [null, 2], [8192, 2], null],
    bit_volts: ['<f8', [expect.closeTo(1e-6, 12), expect.closeTo(1e-6, 12)]],
    labmake: { channels: 'Port_1,Port_2', omitted: 'Port_10', method: 'cmr', dead: '', noisy: '' },
  })
})

test.each(['False', 'True'])('a version 5 file of scipy, compressed %s, is read right', (compressed) => {
  if (!existsSync(python)) return void console.warn(noPython)
  using files = folder({})
  runPython(
    `${makeChannels}
import scipy.io
scipy.io.savemat(at + '/a.mat', channels, do_compression=${compressed})
print(1)`,
    files.root,
  )
  denoise(files.path('a.mat'), files.path('a.kwd'), '--method', 'none')
  expect(runPython(`${makeChannels}\nprint(json.dumps(compare(at + '/a.kwd')))`, files.root)).toBe(true)
})

/** Writes `channels` as MATLAB lays out version 7.3; `options` are h5py's for values and times. */
const writeV73 = `
import h5py
def write_v73(path, **options):
    with h5py.File(path, 'w', userblock_size=512) as f:
        for name, fields in channels.items():
            group = f.create_group(name)
            group.attrs['MATLAB_class'] = np.bytes_('struct')
            for field, value in fields.items():
                if isinstance(value, str): value = np.array([[ord(c)] for c in value], 'u2')
                elif np.ndim(value) == 0: value = np.array([[value]], 'f8')
                elif np.ndim(value) == 1: value = value[None, :]
                group.create_dataset(field, data=value, **(options if value.size > 1000 else {}))
    with open(path, 'r+b') as f:
        f.write(b'MATLAB 7.3 MAT-file, Platform: GLNXA64'.ljust(116) + bytes(8) + b'\\x00\\x02IM')
`

test.each(['', 'chunks=(1, 10000)', "chunks=(1, 40000), compression='gzip', shuffle=True"])(
  'a version 7.3 file of h5py is read right: %s',
  (options) => {
    if (!existsSync(python)) return void console.warn(noPython)
    using files = folder({})
    runPython(`${makeChannels}${writeV73}\nwrite_v73(at + '/a.mat'${options && `, ${options}`})\nprint(1)`, files.root)
    denoise(files.path('a.mat'), files.path('a.kwd'), '--method', 'none')
    expect(runPython(`${makeChannels}\nprint(json.dumps(compare(at + '/a.kwd')))`, files.root)).toBe(true)
  },
)

test('a gap in the times of a version 7.3 file begins a new recording', async (ctx) => {
  if (!existsSync(python)) return ctx.skip(noPython)
  using files = folder({})
  runPython(
    `${makeChannels}${writeV73}
for name in ('Port_1', 'Port_2', 'Port_10'):
    times = np.arange(150_001) / 20000
    times[100_000:] += 60
    channels[name]['times'] = times
write_v73(at + '/a.mat', chunks=(1, 8192))
print(1)`,
    files.root,
  )
  denoise(files.path('a.mat'), files.path('a.kwd'))
  const kwd = await openKwd(files.path('a.kwd'))
  expect(kwd.recordings.map(({ samples, startTimeS }) => [samples, startTimeS])).toEqual([
    [100_000, 0],
    [50_001, 65],
  ])
  kwd.close()
})

const seconds = 600
const rateHz = 20_000
const channelCount = 32
/** Rows at the end that are looked at. */
const lastRows = 1000

/** Ten minutes of 32 channels, 768 MB, of noise that repeats with another period in each channel. */
const long = folder({})
afterAll(() => long[Symbol.dispose]())
beforeAll(async () => {
  const mat = await createMat73(long.path('long.mat'))
  const samples = seconds * rateHz
  const noise = Int16Array.from({ length: 1 << 18 }, () => (Math.random() - 0.5) * 400)
  for (let n = 1; n <= channelCount; n++) {
    const name = `Port_${n}`
    mat.addChannel({
      name,
      valueClass: 'int16',
      samples,
      intervalS: 1 / rateHz,
      startS: 0,
      scale: 1,
      offset: 0,
      units: 'V',
      title: name,
    })
  }
  for (let from = 0; from < samples; from += 65_536) {
    const length = Math.min(65_536, samples - from)
    for (let n = 1; n <= channelCount; n++) {
      const start = (from * 3 + n * 5003) % (noise.length - length)
      mat.write(`Port_${n}`, from, noise.subarray(start, start + length))
    }
  }
  mat.finish()
}, 120_000)

test.each(['cmr', 'war'])('ten minutes of 32 channels take at most 250 MB of memory: %s', async (method) => {
  const target = long.path('long.kwd')
  expectSmall(denoise(long.path('long.mat'), target, '--method', method), seconds)
  await expectWhole(target, { lengthS: seconds, method })
})

const manyChannels = `
import io, scipy.io
rng = np.random.default_rng(7)
samples = 120 * 20_000
noise = np.round(rng.normal(0, 80, samples + 32 * 5003)).astype('i2')
def channel(n, **more):
    start = n * 5003
    return dict(title='Port', interval=1 / 20000, units='mV', **more, values=noise[start:start + samples])
`
const compressed: [string, string][] = [
  [
    'version 7.3',
    `${writeV73}
channels = {f'Port_{n}': channel(n) for n in range(32)}
write_v73(at + '/a.mat', chunks=(1, 65536), compression='gzip', compression_opts=3)`,
  ],
  ['version 5', "scipy.io.savemat(at + '/a.mat', {f'Port_{n}': channel(n) for n in range(32)}, do_compression=True)"],
  [
    'version 5, with times',
    `times = np.arange(samples) / 20000
scipy.io.savemat(at + '/a.mat', {f'Port_{n}': channel(n, times=times) for n in range(32)}, do_compression=True)`,
  ],
]
test.each(compressed)('two minutes of 32 compressed channels take no more memory: %s', async (_, write) => {
  if (!existsSync(python)) return void console.warn(noPython)
  using files = folder({})
  runPython(`${manyChannels}${write}\nprint(1)`, files.root)
  const target = files.path('a.kwd')
  expectSmall(denoise(files.path('a.mat'), target), 120)
  await expectWhole(target, { lengthS: 120, method: 'cmr' })
})

/** Prints the memory and the speed of de-noising so many seconds of 32 channels, and checks the memory. */
function expectSmall(run: ReturnType<typeof denoise>, lengthS: number): void {
  const speed = (lengthS * rateHz * channelCount * 2) / 1e6 / run.seconds
  console.log(`${run.residentMB.toFixed(0)} MB resident, ${speed.toFixed(0)} MB/s`)
  expect(run.residentMB).toBeLessThan(250)
}

type Expected = { readonly lengthS: number; readonly method: string }

/** All samples are there, and after cmr the median over the channels is nought, up to the last row. */
async function expectWhole(target: string, { lengthS, method }: Expected): Promise<void> {
  const kwd = await openKwd(target)
  const samples = lengthS * rateHz
  expect(kwd.recordings).toMatchObject([{ samples, channels: channelCount }])
  const rows = kwd.read(0, samples - lastRows, samples)
  kwd.close()
  if (method !== 'cmr') return
  const medians = Array.from({ length: lastRows }, (_, r) =>
    medianOf(Float64Array.from(rows.subarray(r * channelCount, (r + 1) * channelCount))),
  )
  // Each of the two middle ones is rounded.
  expect(Math.max(...medians.map(Math.abs))).toBeLessThanOrEqual(1)
}
