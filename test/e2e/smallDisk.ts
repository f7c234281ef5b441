import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { Workspace } from '../workspace.ts'

/** Only root may mount. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0

/** Mounts a small disk of its own on a folder of the workspace, until the test is over. */
export function smallDisk(ws: Workspace, folder: string, size: string): void {
  mkdirSync(ws.path(folder), { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', ws.path(folder)])
  ws.atEnd(() => execFileSync('umount', ['-l', ws.path(folder)]))
}

/** Fills what is left of a disk with a file. */
export function fill(ws: Workspace, path: string): void {
  try {
    execFileSync('sh', ['-c', 'cat /dev/zero >"$1" 2>/dev/null', 'sh', ws.path(path)])
  } catch {
    // It ends with the disk full: that is what it is for.
  }
}

/** Nothing can be written there any more, also not by root. */
export function makeReadOnly(ws: Workspace, folder: string): void {
  execFileSync('mount', ['-o', 'remount,ro', ws.path(folder)])
}
