import { expect, test } from 'vitest'
import { networkDisks, parseMountCommand, parseMountinfo } from '../../src/io/networkDisks.ts'

const mountinfo = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
60 27 0:53 / /mnt/n\\040as rw,noatime shared:7 master:2 - nfs4 nas:/lab rw,vers=4.2
61 27 259:4660 / /big rw - xfs /dev/nvme0n1p5 rw
`

test('the kind of a file system is found by its device', () => {
  expect([...parseMountinfo(mountinfo)]).toEqual([
    [0x15n, 'proc'],
    [0xfe00n, 'ext4'],
    [0x35n, 'nfs4'],
    [0x1210334n, 'xfs'],
  ])
})

test.each<[string, boolean]>([
  ['nfs4', true],
  ['cifs', true],
  ['smb3', true],
  ['9p', true],
  ['fuse.sshfs', true],
  ['lustre', true],
  ['ext4', false],
  ['xfs', false],
  ['btrfs', false],
  ['tmpfs', false],
  ['fuseblk', false],
])('may files change without events on %s: %s', (type, expected) => {
  expect(networkDisks(() => new Map([[5n, type]]))(5n)).toBe(expected)
})

test('a disk that is mounted later is known then, and one that is in no list is of this machine', () => {
  const mounts = new Map([[1n, 'ext4']])
  const isNetworkDisk = networkDisks(() => mounts)
  expect(isNetworkDisk(1n)).toBe(false)
  mounts.set(2n, 'nfs')
  expect([isNetworkDisk(2n), isNetworkDisk(3n)]).toEqual([true, false])
})

test('the list of mounts of other systems', () => {
  const text = `/dev/disk3s1s1 on / (apfs, sealed, local, read-only)
nas:/lab on /Volumes/my lab (nfs, nodev, nosuid)
//ana@nas/lab on /mnt (smbfs)
`
  expect(parseMountCommand(text)).toEqual([
    ['/', 'apfs'],
    ['/Volumes/my lab', 'nfs'],
    ['/mnt', 'smbfs'],
  ])
})
