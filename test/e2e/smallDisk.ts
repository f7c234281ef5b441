import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
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

/** Can a file be a disk here? */
export const canLoop = canMount && ['losetup -f', 'mkfs.ext4 -V'].every(succeeds)

function succeeds(command: string): boolean {
  return spawnSync('sh', ['-c', command], { stdio: 'ignore' }).status === 0
}

/**
 * Mounts an ext4 of its own on a folder of the workspace, until the test is over. Returns what cuts its power: whatever has not
 * come to the disk by then is gone, and it is mounted again as it is.
 */
export function diskThatLosesPower(ws: Workspace, folder: string): () => void {
  const image = `${ws.root}.${folder.replaceAll('/', '-')}.img`
  mkdirSync(ws.path(folder), { recursive: true })
  execFileSync('truncate', ['-s', '16M', image])
  execFileSync('mkfs.ext4', ['-q', image])
  execFileSync('mount', ['-o', 'loop', image, ws.path(folder)])
  ws.atEnd(() => {
    execFileSync('umount', ['-l', ws.path(folder)])
    for (const path of [image, `${image}.cut`]) rmSync(path, { force: true })
  })
  return () => {
    execFileSync('cp', ['--sparse=always', image, `${image}.cut`])
    execFileSync('umount', ['-l', ws.path(folder)])
    execFileSync('mount', ['-o', 'loop', `${image}.cut`, ws.path(folder)])
  }
}
