// The log in which ninja (1.5 to 1.11) keeps by which command a target was made, and when.
import { statSync } from 'node:fs'

const mask = (1n << 64n) - 1n
const factor = 0xc6a4a7935bd1e995n
const seed = 0xdecafbaddecafbadn

/** `targets`: of each its path in `root`, and the command that makes it. */
export function ninjaLog(root, targets) {
  const lines = targets.map(({ path, command }) => {
    const { mtimeNs } = statSync(`${root}/${path}`, { bigint: true })
    return `0\t1\t${mtimeNs}\t${path}\t${murmurHash(command).toString(16)}\n`
  })
  return `# ninja log v5\n${lines.join('')}`
}

/** MurmurHash64A, as ninja's build_log.cc has it. */
function murmurHash(text) {
  const bytes = Buffer.from(text)
  let hash = seed ^ ((BigInt(bytes.length) * factor) & mask)
  let at = 0
  for (; at + 8 <= bytes.length; at += 8) {
    let part = (bytes.readBigUInt64LE(at) * factor) & mask
    part = ((part ^ (part >> 47n)) * factor) & mask
    hash = ((hash ^ part) * factor) & mask
  }
  if (at < bytes.length) {
    for (let i = at; i < bytes.length; i++) hash ^= BigInt(bytes[i]) << BigInt(8 * (i - at))
    hash = (hash * factor) & mask
  }
  hash = ((hash ^ (hash >> 47n)) * factor) & mask
  return hash ^ (hash >> 47n)
}
