import { readdirSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { openScratch } from '../../../src/ephys/denoise/scratch.ts'
import { openBatch } from '../../../src/ephys/mat/batch.ts'
import { folder } from '../folder.ts'
import { mat5 } from '../matFiles.ts'

const channels = { Port_1: { values: [1, 2, 3] }, Port_2: { values: [4, 5, 6] } }
const doubles = { Port_1: { values: [1, 2, 3], valueClass: 'double' } } as const
const counts = [Int16Array.of(1, 2, 3), Int16Array.of(4, 5, 6)]

async function batchOf(bytes: Buffer) {
  const files = folder({ 'a.mat': bytes })
  const batch = await openBatch(files.path('a.mat'), [])
  const close = () => {
    batch.close()
    files[Symbol.dispose]()
  }
  return { file: batch.files[0]!, [Symbol.dispose]: close }
}

test('blocks of compressed counts come back in order, and no name is ever left on the disk', async () => {
  using source = await batchOf(mat5(channels, { compressed: true }))
  using out = folder({})
  const scratch = openScratch(out.path('a.kwd'))
  scratch.keep(source.file, counts)
  scratch.keep(source.file, counts.toReversed())
  expect(readdirSync(out.root)).toEqual([])
  expect(scratch.next(source.file, 3)).toEqual(counts)
  expect(scratch.next(source.file, 3)).toEqual(counts.toReversed())
  scratch.close()
})

test.each([
  ['uncompressed', mat5(channels)],
  ['compressed, but four times as large as the target', mat5(doubles, { compressed: true })],
])('nothing is kept of files that are %s', async (_, bytes) => {
  using source = await batchOf(bytes)
  using out = folder({})
  const scratch = openScratch(out.path('a.kwd'))
  scratch.keep(source.file, counts)
  expect(scratch.next(source.file, 3)).toBeUndefined()
  scratch.close()
})

test('without room for it, that is said once and nothing is kept', async () => {
  using source = await batchOf(mat5(channels, { compressed: true }))
  using out = folder({})
  const error = vi.spyOn(console, 'error').mockReturnValue()
  const scratch = openScratch(out.path('no-such-folder', 'a.kwd'))
  scratch.keep(source.file, counts)
  scratch.keep(source.file, counts)
  expect(error.mock.calls).toEqual([[expect.stringContaining('unpacking twice')]])
  error.mockRestore()
  expect(scratch.next(source.file, 3)).toBeUndefined()
  scratch.close()
})
