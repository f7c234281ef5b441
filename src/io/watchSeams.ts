import { type FSWatcher, watch } from 'node:fs'
import type { Clock } from '../model/ports.ts'
import { systemClock } from './clock.ts'
import { type IsNetworkDisk, networkDisks } from './networkDisks.ts'

/** What watching needs of the system, so that a test can be the system: a full table of watches, a network disk, time. */
export interface WatchSeams {
  readonly clock: Clock
  /** As fs.watch: throws ENOSPC or EMFILE where the system allows no more. */
  watch(path: string, heard: (event: string, name: string | null) => void): FSWatcher
  readonly isNetworkDisk: IsNetworkDisk
}

export const systemSeams = (): WatchSeams => ({ clock: systemClock, watch, isNetworkDisk: networkDisks() })
