import { test } from 'vitest'
import { openDiskWriter } from '../../src/io/diskWriter.ts'
import { flushNames } from '../../src/io/flushNames.ts'
import { workspace } from '../workspace.ts'

test.skipIf(process.platform !== 'linux')('a file system that flushes no folders, as /proc, is no fault', async () => {
  await using ws = await workspace()
  await flushNames('/proc', ws.root)
})

test('a folder that is gone has no names to be flushed', async () => {
  await using ws = await workspace()
  await openDiskWriter(ws.root).flushNames('gone', { before: 'gone/too' })
})
