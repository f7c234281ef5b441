import { expect, test } from 'vitest'
import { InputError } from '../../../src/ephys/errors.ts'
import { linePositions, readProbe } from '../../../src/ephys/sort/probe.ts'
import { folder } from '../folder.ts'

/** The map of these probes, read for these channels. */
function read(map: object | string, channelNames: readonly string[]) {
  using files = folder({ 'map.json': typeof map === 'string' ? map : JSON.stringify(map) })
  return readProbe(files.path('map.json'), channelNames)
}

function probes(...list: readonly object[]): object {
  return { specification: 'probeinterface', version: '0.2.21', probes: list }
}

const three = {
  ndim: 2,
  si_units: 'um',
  contact_positions: [
    [0, 0],
    [0, 25],
    [40, 12.5],
  ],
}

test('without a map channels lie on a line, and omitted ones leave gaps', () => {
  expect(linePositions(['Port_2', 'Port_3', 'Port_6'])).toEqual([
    [0, 0],
    [0, 50],
    [0, 200],
  ])
})

test('names without numbers lie on the line in their order', () => {
  expect(linePositions(['left', 'right'])).toEqual([
    [0, 0],
    [0, 50],
  ])
})

test('contacts are found by ids that name the channels, whatever their order', () => {
  const map = probes({ ...three, contact_ids: ['Port_9', 'Port_2', 'Port_1'], device_channel_indices: [0, 1, 2] })
  expect(read(map, ['Port_1', 'Port_9'])).toEqual([
    [40, 12.5],
    [0, 0],
  ])
})

test('else by the wiring: Port_1 is device channel 0, and an omitted channel shifts nobody', () => {
  const map = probes({ ...three, contact_ids: ['1', '2', '3'], device_channel_indices: [2, 0, 1] })
  expect(read(map, ['Port_1', 'Port_3'])).toEqual([
    [0, 25],
    [0, 0],
  ])
})

test('channels named by plain numbers are device channels', () => {
  const map = probes({ ...three, contact_ids: ['1', '2', '3'], device_channel_indices: [2, 0, 1] })
  expect(read(map, ['0', '1', '2'])).toEqual([
    [0, 25],
    [40, 12.5],
    [0, 0],
  ])
})

test('two probes are one map, and millimetres become micrometres', () => {
  const left = { ...three, si_units: 'mm', contact_positions: [[0, 0.05]], device_channel_indices: [0] }
  const right = { ...three, contact_positions: [[300, 50]], device_channel_indices: [1] }
  expect(read(probes(left, right), ['Port_1', 'Port_2'])).toEqual([
    [0, 50],
    [300, 50],
  ])
})

const wired = { ...three, device_channel_indices: [0, 1, -1] }

test.each([
  ['not JSON', '{', 'it is not JSON'],
  ['another file', '[]', "is not a probe's map: no probes in it"],
  ['no positions', probes({ ndim: 2 }), 'contact_positions is not a list of [x, y]'],
  [
    'three dimensions',
    probes(wired, { contact_positions: [[1, 2, 3]] }),
    'contact_positions in probe 1 is not a list of [x, y]',
  ],
  ['a strange unit', probes({ ...wired, si_units: 'inch' }), 'si_units is "inch"; expected "um", "mm" or "m"'],
  ['a contact that is not wired', probes(wired), 'where Port_3 lies: device_channel_indices has no 2'],
  [
    'two channels at one place',
    probes({
      ...three,
      contact_positions: [
        [0, 0],
        [0, 25],
        [0, 25],
      ],
      device_channel_indices: [0, 1, 2],
    }),
    'puts Port_2 and Port_3 at one place, (0, 25) µm',
  ],
  ['an id that is missing', probes({ ...three, contact_ids: ['Port_1', 'Port_2', 'x'] }), 'contact_ids has no Port_3'],
])('a fault is named: %s', (_, map, message) => {
  expect(() => read(map, ['Port_1', 'Port_2', 'Port_3'])).toThrow(InputError)
  expect(() => read(map, ['Port_1', 'Port_2', 'Port_3'])).toThrow(message)
})

test('a map that is not there is a fault of the input', () => {
  expect(() => readProbe('nowhere/map.json', ['Port_1'])).toThrow(InputError)
})
