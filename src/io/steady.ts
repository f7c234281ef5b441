/**
 * Ms of a clock that nobody sets, since some time before this process began anything. Not by `performance`: to load all that it
 * measures with takes longer than to start a job.
 */
export function steadyMs(): number {
  const [seconds, ns] = process.hrtime()
  return seconds * 1000 + ns / 1e6
}
