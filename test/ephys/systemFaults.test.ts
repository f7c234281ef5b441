import { openSync } from 'node:fs'
import { expect, test } from 'vitest'
import { InputError } from '../../src/ephys/errors.ts'
import { withSystemFaults } from '../../src/ephys/systemFaults.ts'
import { folder } from './folder.ts'

test('a full disk is a fault of the input, in a sentence and with a remedy', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' })
  const failed = await withSystemFaults(() => Promise.reject(full)).catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(InputError)
  expect(failed).toMatchObject({
    message: 'no space left on device (write)',
    hint: 'Free some space on that disk, then run it again.',
  })
})

test('what the system refuses names the path', async () => {
  using files = folder({})
  const path = files.path('no', 'such', 'folder')
  await expect(withSystemFaults(() => openSync(path, 'w'))).rejects.toThrow(
    `no such file or directory (open '${path}')`,
  )
})

test('a defect stays a defect, and a fault of the input what it was', async () => {
  const defect = new TypeError('x is undefined')
  await expect(withSystemFaults(() => Promise.reject(defect))).rejects.toBe(defect)
  const fault = new InputError('no spikes', { hint: 'Look.' })
  await expect(withSystemFaults(() => Promise.reject(fault))).rejects.toBe(fault)
})

test('what was made is handed on', async () => {
  expect(await withSystemFaults(() => 7)).toBe(7)
})
