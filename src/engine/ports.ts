import type { Attempts, Clock, Disk, DiskWriter, Journal, Launcher, SharedSlots } from '../model/ports.ts'

/** Everything that the engine does to the world goes through these. */
export interface Ports {
  readonly disk: Disk
  readonly writer: DiskWriter
  readonly launcher: Launcher
  readonly attempts: Attempts
  readonly journal: Journal
  readonly clock: Clock
  readonly sharedSlots: SharedSlots
}

/** Where labmake keeps its own things, relative to the workspace. */
export const places = {
  state: '.labmake',
  logs: '.labmake/logs',
  /** What a failed attempt left, the last one of each job. */
  attempts: '.labmake/attempts',
  /** Old targets that may hold a person's work, by the time they were replaced. */
  attic: '.labmake/attic',
} as const

/** `2026-11-22T08-30-05Z`: a time that can be part of a file name. */
export function fileTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(':', '-')}Z`
}
