import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { until, type Workspace } from '../workspace.ts'

/** What an engine holds of the machine. */
export interface Gauge {
  readonly residentMb: number
  /** Objects in use, after all garbage was cleared. */
  readonly objectsMb: number
  /** Beside them: buffers. */
  readonly buffersMb: number
  readonly openFiles: number
  /** Of inotify. */
  readonly watches: number
}

const gaugePath = 'gauge.json'

/** The environment of an engine that can be asked what it holds. */
export function gaugedEnvironment(ws: Workspace): Record<string, string> {
  const script = fileURLToPath(new URL('gauge.cjs', import.meta.url))
  return { NODE_OPTIONS: `--require ${script}`, LABMAKE_TEST_GAUGE: ws.path(gaugePath) }
}

export async function readGauge(ws: Workspace, pid: number): Promise<Gauge> {
  rmSync(ws.path(gaugePath), { force: true })
  process.kill(pid, 'SIGUSR2')
  await until('the engine says what it holds', () => ws.exists(gaugePath))
  const { rss, heapUsed, external } = JSON.parse(ws.read(gaugePath)) as NodeJS.MemoryUsage
  const files = readdirSync(`/proc/${pid}/fd`)
  return {
    residentMb: rss / 1e6,
    objectsMb: heapUsed / 1e6,
    buffersMb: external / 1e6,
    openFiles: files.length,
    watches: watchesOf(pid, files),
  }
}

function watchesOf(pid: number, files: readonly string[]): number {
  const counts = files.map((file) => {
    try {
      return readFileSync(`/proc/${pid}/fdinfo/${file}`, 'utf8').match(/^inotify/gm)?.length ?? 0
    } catch {
      // Closed since it was listed.
      return 0
    }
  })
  return counts.reduce((sum, count) => sum + count, 0)
}
