import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import { makeFolder } from './makeFolder.ts'

const sumBytes = 4

/** What writeSummed wrote, with its sum; undefined if there is no such file, or it is torn. */
export function readSummed<T>(path: string): { readonly value: T; readonly sum: number } | undefined {
  try {
    const bytes = readFileSync(path)
    const body = bytes.subarray(0, -sumBytes)
    const sum = crc32(body)
    return sum === bytes.readUInt32LE(body.length) ? { value: deserialize(body) as T, sum } : undefined
  } catch {
    return undefined
  }
}

/** Writes what can be done without. With no care for two that write at once, nor for a power cut: the sum tells. */
export function writeSummed(path: string, value: object): void {
  const body = serialize(value)
  const sum = Buffer.alloc(sumBytes)
  sum.writeUInt32LE(crc32(body))
  try {
    makeFolder(dirname(path))
    writeFileSync(`${path}.new`, Buffer.concat([body, sum]))
    renameSync(`${path}.new`, path)
  } catch {
    rmSync(`${path}.new`, { force: true })
  }
}
