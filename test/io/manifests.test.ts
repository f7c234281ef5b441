import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { readManifestText } from '../../src/io/manifests.ts'
import { workspace } from '../workspace.ts'

test('a pipe by the name of a manifest is told of, and nobody waits for it', async () => {
  await using ws = await workspace({ 'data/manifests/': '' })
  const path = ws.path('data/manifests/lab.tsv')
  execFileSync('mkfifo', [path])
  expect(readManifestText(path)).toEqual({
    status: 'unreadable',
    problem: 'cannot be read: it is a pipe or a device, and no file',
  })
})
