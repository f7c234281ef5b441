import { spawn } from 'node:child_process'
import { statSync, symlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openDiskWriter } from '../../src/io/diskWriter.ts'
import { DiskFault } from '../../src/model/ports.ts'
import { type Workspace, workspace } from '../workspace.ts'

/** How often a reader in a process of its own found nothing at `path`, or an empty file, while `act` ran. */
async function missed(ws: Workspace, path: string, act: () => Promise<void>): Promise<number> {
  const script = `
    const { existsSync, statSync, writeFileSync } = require('node:fs')
    let missed = 0
    writeFileSync('ready', '')
    while (!existsSync('stop')) {
      for (let i = 0; i < 1000; i++) if (!statSync(process.argv[1], { throwIfNoEntry: false })?.size) missed++
    }
    process.stdout.write(String(missed))`
  const reader = spawn(process.execPath, ['-e', script, path], { cwd: ws.root, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  reader.stdout.on('data', (text) => {
    said += text
  })
  const ended = new Promise((resolve) => reader.once('close', resolve))
  await ws.until('the reader looks', () => ws.exists('ready'))
  try {
    await act()
  } finally {
    ws.write('stop', '')
    await ended
  }
  return Number(said)
}

test('two files are exchanged a hundred times, and a reader always finds one of them (case 20)', async () => {
  await using ws = await workspace({ old: 'old', new: 'new' })
  const writer = openDiskWriter(ws.root)
  const times = await missed(ws, 'old', async () => {
    for (let i = 0; i < 101; i++) await writer.exchange('new', 'old')
  })
  expect(times).toBe(0)
  expect([ws.read('old'), ws.read('new')]).toEqual(['new', 'old'])
  expect(ws.list('.').filter((name) => name.includes('.old'))).toEqual([])
})

test('two folders are exchanged a hundred times, and a reader always finds a whole one (case 20)', async () => {
  await using ws = await workspace({ 'old/member': 'old', 'new/member': 'new' })
  const writer = openDiskWriter(ws.root)
  const times = await missed(ws, 'old/member', async () => {
    for (let i = 0; i < 101; i++) await writer.exchange('new', 'old')
  })
  expect(times).toBe(0)
  expect([ws.read('old/member'), ws.read('new/member')]).toEqual(['new', 'old'])
})

test('a file and a folder can be exchanged', async () => {
  await using ws = await workspace({ file: 'file', 'folder/member': 'member' })
  await openDiskWriter(ws.root).exchange('file', 'folder')
  expect([ws.read('folder'), ws.read('file/member')]).toEqual(['file', 'member'])
})

test('what cannot be exchanged is a fault, and both are as they were', async () => {
  await using ws = await workspace({ old: 'old' })
  await expect(openDiskWriter(ws.root).exchange('new', 'old')).rejects.toThrow(DiskFault)
  expect(ws.read('old')).toBe('old')
})

test('a folder is moved whole, with its links and times', async () => {
  await using ws = await workspace({ 'from/deep/a.txt': 'a' })
  symlinkSync('deep/a.txt', ws.path('from/link'))
  const before = statSync(ws.path('from/deep/a.txt'), { bigint: true }).mtimeNs
  await openDiskWriter(ws.root).move('from', 'to/here')
  expect(ws.exists('from')).toBe(false)
  expect(ws.read('to/here/link')).toBe('a')
  expect(statSync(ws.path('to/here/deep/a.txt'), { bigint: true }).mtimeNs).toBe(before)
})

test('to remove what is not there is no fault', async () => {
  await using ws = await workspace()
  await openDiskWriter(ws.root).remove('nothing/here')
})

test('a fault says what was to be done, where, and what stood in the way', async () => {
  await using ws = await workspace({ file: '' })
  await expect(openDiskWriter(ws.root).makeFolder('file/below')).rejects.toThrow(
    'cannot make the folder file/below: a file stands where a folder is expected',
  )
})
