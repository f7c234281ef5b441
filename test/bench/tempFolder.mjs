// A folder of a benchmark's own, which goes when the benchmark ends, also by Ctrl-C.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'

/**
 * `before(close)` adds what must be ended first, the last one added first of all; it cannot wait for anything but by standing
 * still, since this process is ending.
 */
export function openTempFolder(name) {
  const folder = mkdtempSync(`${tmpdir()}/labmake-bench-${name}-`)
  const closers = []
  process.on('exit', () => {
    for (const close of closers.reverse()) close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
    process.on(signal, () => process.exit(code))
  return { folder, before: (close) => closers.push(close) }
}
