import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

/** Kinds of file systems whose files others may change without this system telling of it. */
const networkTypes = new Set([
  ...['nfs', 'nfs4', 'cifs', 'smb2', 'smb3', 'smbfs', 'afpfs', 'webdav', 'davfs', 'ncpfs', 'coda', 'afs', '9p', 'acfs'],
  ...['lustre', 'ceph', 'beegfs', 'glusterfs', 'gpfs', 'mmfs', 'orangefs', 'pvfs2', 'panfs', 'gfs2', 'ocfs2', 'pnfs'],
  // What a virtual machine or a container sees of its host.
  ...['virtiofs', 'vboxsf', 'vmhgfs', 'prl_fs', 'drvfs', 'osxfs'],
])

function isNetworkType(type: string): boolean {
  // FUSE is sshfs, s3fs, rclone, glusterfs and hundreds more; fuseblk is a disk of this machine.
  return networkTypes.has(type) || type === 'fuse' || type.startsWith('fuse.') || type === 'macfuse'
}

/** Tells by the device that a folder lies on (`stat.dev`) whether changes there may come without events. */
export type IsNetworkDisk = (device: bigint) => boolean

/** Reads the system's mounts when it meets a device for the first time, so that later mounts are known too. */
export function networkDisks(readMounts: () => ReadonlyMap<bigint, string> = mounts): IsNetworkDisk {
  const known = new Map<bigint, boolean>()
  return (device) => {
    if (!known.has(device)) {
      for (const [at, type] of readMounts()) known.set(at, isNetworkType(type))
      // Parts of a btrfs and the like have devices of their own, which no list of mounts has: disks of this machine.
      if (!known.has(device)) known.set(device, false)
    }
    return known.get(device)!
  }
}

/** The kind of each mounted file system by its device; what cannot be told counts as a disk of this machine. */
function mounts(): ReadonlyMap<bigint, string> {
  try {
    return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))
  } catch {
    // Not Linux: the command that all of them have.
  }
  try {
    return new Map(parseMountCommand(execFileSync('mount', { encoding: 'utf8' })).flatMap(deviceOf))
  } catch {
    return new Map()
  }
}

function deviceOf([path, type]: readonly [string, string]): [bigint, string][] {
  // A disk of this machine need not be asked for, and a server that does not answer would hold labmake up.
  if (!isNetworkType(type)) return []
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? [] : [[stat.dev, type]]
}

/** `36 35 0:42 / /mnt/nas rw,noatime shared:1 - nfs4 nas:/lab rw` → 42n, nfs4. */
export function parseMountinfo(text: string): Map<bigint, string> {
  const types = new Map<bigint, string>()
  for (const line of text.split('\n')) {
    const match = /^\d+ \d+ (\d+):(\d+) .* - (\S+) /.exec(line)
    if (match !== null) types.set(deviceNumber(BigInt(match[1]!), BigInt(match[2]!)), match[3]!)
  }
  return types
}

/** As the C library puts major and minor together in st_dev. */
function deviceNumber(major: bigint, minor: bigint): bigint {
  return ((major & 0xfffn) << 8n) | (minor & 0xffn) | ((minor & ~0xffn) << 12n) | ((major & ~0xfffn) << 32n)
}

/** `nas:/lab on /Volumes/lab (nfs, nodev)` → /Volumes/lab, nfs. */
export function parseMountCommand(text: string): [string, string][] {
  return [...text.matchAll(/^.+? on (.+) \(([^,)]+).*\)$/gm)].map(([, path, type]) => [path!, type!.trim()])
}
