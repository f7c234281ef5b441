import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fillEmptyFolder } from '../../src/ephys/emptyFolder.ts'
import { InputError } from '../../src/ephys/errors.ts'
import { folder } from './folder.ts'

const fail = (path: string) => () => {
  writeFileSync(path, 'half')
  throw new Error('broken off')
}

test('a folder that was not there is made, and is gone again when filling it fails', async () => {
  using files = folder({})
  await fillEmptyFolder(files.path('a', 'b'), () => writeFileSync(files.path('a', 'b', 'file'), 'whole'))
  expect(readdirSync(files.path('a', 'b'))).toEqual(['file'])
  await expect(fillEmptyFolder(files.path('c'), fail(files.path('c', 'file')))).rejects.toThrow('broken off')
  expect(existsSync(files.path('c'))).toBe(false)
})

test('a folder that was there empty stays, and is empty again when filling it fails', async () => {
  using files = folder({ 'a/file': '' })
  const path = files.path('a')
  await expect(fillEmptyFolder(path, () => 1)).rejects.toThrow(InputError)
  expect(readdirSync(path)).toEqual(['file'])
  using empty = folder({})
  await expect(fillEmptyFolder(empty.root, fail(empty.path('file')))).rejects.toThrow('broken off')
  expect(readdirSync(empty.root)).toEqual([])
})
