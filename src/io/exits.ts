import { readFileSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import type { Exit } from '../model/ports.ts'
import type { Use } from '../model/record.ts'

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]))

/** How a recipe ended, and what it used with all that it waited for, as it was written down; undefined if it was not. */
export interface WrittenExit {
  readonly status: string
  readonly use: Use
}

/**
 * Reads what the shell that starts recipes wrote:
 *
 *     0m0.010000s 0m0.000000s
 *     1m3.250000s 0m2.130000s
 *     rchar: 10492 wchar: 2048
 *     exit 0
 *
 * The last of these is there once all is. Where the system does not tell of bytes there is nothing in their line. An older
 * labmake wrote the status alone.
 */
export function readExit(folder: string): WrittenExit | undefined {
  let text: string
  try {
    text = readFileSync(`${folder}/exit`, 'utf8')
  } catch {
    return undefined
  }
  const status = /^exit (\d+|-)$/m.exec(text) ?? /^ *(\d+)\n$/.exec(text)
  if (status === null) return undefined
  const [, times = '', bytes = ''] = text.split('\n')
  const spent = [...times.matchAll(/(\d+)m([\d.]+)s/g)]
  const [, readBytes, writtenBytes] = /^rchar: (\d+) wchar: (\d+)$/.exec(bytes) ?? []
  return {
    status: status[1]!,
    use: {
      ...(spent.length === 2
        ? { cpuSeconds: spent.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0) }
        : {}),
      ...(writtenBytes === undefined ? {} : { readBytes: Number(readBytes), writtenBytes: Number(writtenBytes) }),
    },
  }
}

/** How long it ran, by when it was written down who leads it and how it ended; undefined where that does not tell. */
export function secondsWritten(folder: string): number | undefined {
  const [began, ended] = ['pid', 'exit'].map(
    (name) => statSync(`${folder}/${name}`, { throwIfNoEntry: false })?.mtimeMs,
  )
  return began === undefined || ended === undefined || ended < began ? undefined : (ended - began) / 1000
}

/** What a shell's exit status means: it tells of a signal as 128 + its number, and `-` if nothing could be started. */
export function exitOf(status: string): Exit {
  const code = Number.parseInt(status, 10)
  if (Number.isNaN(code)) {
    return { status: 'failed', cause: { kind: 'no-start', problem: 'nothing can be written in .labmake/running' } }
  }
  if (code === 0) return { status: 'done' }
  const signal = code > 128 ? signalNames.get(code - 128) : undefined
  return signal === undefined
    ? { status: 'failed', cause: { kind: 'exit', code } }
    : { status: 'failed', cause: { kind: 'signal', signal } }
}
