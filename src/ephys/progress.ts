/** At most one line a second: a day's sorting then fills a log with a few thousand lines, not millions. */
const LINE_EVERY_MS = 1000

export type Progress = {
  /** Tells how much is done, from 0 to 1. Writes a line when a second has passed since the last one. */
  readonly report: (fraction: number, note?: string) => void
  /** Writes the last line: 100 %. */
  readonly done: () => void
}

export type ProgressPorts = {
  readonly nowMs?: () => number
  readonly write?: (line: string) => void
}

/** Progress on standard error in whole lines without carriage returns, as a log wants it: `denoise  37 %  12.4 s`. */
export function startProgress(name: string, ports: ProgressPorts = {}): Progress {
  const nowMs = ports.nowMs ?? (() => performance.now())
  const write = ports.write ?? ((line: string) => void process.stderr.write(`${line}\n`))
  const startedMs = nowMs()
  let lastLineMs = startedMs
  const writeLine = (fraction: number, note = '') => {
    lastLineMs = nowMs()
    const percent = Math.floor(Math.min(1, Math.max(0, fraction)) * 100)
    const seconds = ((lastLineMs - startedMs) / 1000).toFixed(1)
    write(`${name} ${String(percent).padStart(3)} %  ${seconds} s${note === '' ? '' : `  ${note}`}`)
  }
  writeLine(0)
  return {
    report: (fraction, note) => {
      if (nowMs() - lastLineMs >= LINE_EVERY_MS) writeLine(fraction, note)
    },
    done: () => writeLine(1),
  }
}
