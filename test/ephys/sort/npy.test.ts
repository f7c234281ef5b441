import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { writeNpy } from '../../../src/ephys/sort/npy.ts'
import { folder } from '../folder.ts'

test('a file is what numpy.save writes', () => {
  using files = folder({})
  writeNpy(files.path('a.npy'), Int32Array.of(1, -2, 3), [3])
  const header = "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }"
  const expected = Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'),
    Buffer.from(`${header.padEnd(117)}\n`, 'latin1'),
    Buffer.from('01000000feffffff03000000', 'hex'),
  ])
  expect(readFileSync(files.path('a.npy'))).toEqual(expected)
})

test.each([
  [new Float32Array(6), "'<f4'"],
  [new Float64Array(6), "'<f8'"],
  [new BigInt64Array(6), "'<i8'"],
])('each type has its name, and rows come first', (array, name) => {
  using files = folder({})
  writeNpy(files.path('a.npy'), array, [2, 3])
  const text = readFileSync(files.path('a.npy'), 'latin1')
  expect(text.slice(10, 128)).toContain(`'descr': ${name}, 'fortran_order': False, 'shape': (2, 3), }`)
  expect(text).toHaveLength(128 + array.byteLength)
})

test('an array without values keeps its shape', () => {
  using files = folder({})
  writeNpy(files.path('a.npy'), new Float32Array(0), [0, 3])
  expect(readFileSync(files.path('a.npy'), 'latin1')).toContain("'shape': (0, 3)")
})

test('a shape that does not fit is a defect', () => {
  using files = folder({})
  expect(() => writeNpy(files.path('a.npy'), new Float32Array(5), [2, 3])).toThrow('shape 2 × 3 for 5 values')
})
