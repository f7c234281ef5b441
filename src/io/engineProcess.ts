import { spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, readFileSync, renameSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { DiskFault } from '../model/ports.ts'
import { describeErrno } from './disk.ts'
import { makeStateFolder } from './stateFolder.ts'

export const engineLog = '.labmake/engine.log'

/** Months of lines for a lab; then the log begins anew, and the one before is kept as engine.log.1. */
const logBytes = 5_000_000

/** How often it is asked whether the engine answers, and for how long: a first plan over very many batches takes seconds. */
const askEveryMs = 50
const patienceMs = 60_000

export type EngineStart =
  /** This one, or one that somebody else started in the same instant. */
  | { readonly status: 'answers' }
  /** It ended, or has not answered yet: the last lines of its log. */
  | { readonly status: 'ended' | 'silent'; readonly said: string }

/**
 * Starts an engine in the background: a labmake in a session of its own, whose output goes to `.labmake/engine.log`. Resolves
 * once it answers, has ended, or has been silent for long. `words` come after `labmake`. Throws DiskFault.
 */
export async function startEngineProcess(
  root: string,
  words: readonly string[],
  answers: () => Promise<boolean>,
): Promise<EngineStart> {
  const log = openLog(root)
  const beginsAt = fstatSync(log).size
  const child = spawn(process.execPath, [process.argv[1]!, ...words], {
    cwd: root,
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  let ended = false
  child.once('exit', () => {
    ended = true
  })
  child.once('error', () => {
    ended = true
  })
  child.unref()
  const said = () => readFileSync(`${root}/${engineLog}`).subarray(beginsAt).toString('utf8').trim()
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += askEveryMs) {
    if (await answers()) return { status: 'answers' }
    if (ended) return { status: 'ended', said: said() }
    await wait(askEveryMs)
  }
  return { status: 'silent', said: said() }
}

function openLog(root: string): number {
  const path = `${root}/${engineLog}`
  try {
    makeStateFolder(root)
    const log = openSync(path, 'a')
    if (fstatSync(log).size < logBytes) return log
    closeSync(log)
    renameSync(path, `${path}.1`)
    return openSync(path, 'a')
  } catch (error) {
    throw new DiskFault('write', engineLog, describeErrno(error))
  }
}
