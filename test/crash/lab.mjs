// A workspace for killing labmake in, and the processes that are started in it.
import { spawn } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const labmakePath = join(copyOfLabmake(), 'labmake.js')
const killerPath = join(here, 'killer.mjs')

/** The built labmake, where nobody builds it anew in the middle of a run; gone with this process. */
function copyOfLabmake() {
  const folder = mkdtempSync(join(tmpdir(), 'labmake-crash-dist-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  cpSync(join(here, '../../dist'), folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  return folder
}

/** Of a drop that is whole; short, for the sake of the suite. */
export const quietMs = 150

const rules = `quiet: ${quietMs}ms
pools: { ram: 2, cpu: 3 }
inbox:
  - accept: "{batch}/*.mat"
    store: data/mat/{batch}/
rules:
  clean:
    sources: data/mat/{batch}/
    targets: { kwd: "data/kwd/{batch}.kwd", report: "data/reports/{batch}.txt" }
    params: { omit: "" }
    pool: ram
    recipe: lab-recipe clean {batch} {source} o{omit} {targets.kwd} {targets.report}
  sort:
    sources: data/kwd/{batch}.kwd
    targets: data/phy/{batch}/
    expects: [params.py, spikes]
    pool: cpu
    recipe: lab-recipe sort {batch} {source} none {target}
`

/** A workspace in a folder of its own; whoever makes it removes it. */
export function makeLab() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'labmake-crash-')))
  for (const place of ['rules', 'inbox', 'data/manifests', 'data/mat', 'locks', 'fail', 'outside']) {
    mkdirSync(join(root, place), { recursive: true })
  }
  writeFileSync(join(root, 'rules/lab.yaml'), rules)
  writeFileSync(join(root, 'notes.log'), '')
  return root
}

let outside = 0

/** Writes a file in one step, as a careful program does. */
export function replaceFile(root, path, text) {
  const aside = join(root, 'outside', `f${outside++}`)
  writeFileSync(aside, text)
  mkdirSync(dirname(join(root, path)), { recursive: true })
  renameSync(aside, join(root, path))
}

/** Puts a folder of files into the inbox, in one step. */
export function drop(root, name, files) {
  const aside = join(root, 'outside', `d${outside++}`)
  mkdirSync(aside)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(aside, file), text)
  renameSync(aside, join(root, 'inbox', name))
}

/**
 * A labmake; `killAt`: before which of its changes it kills itself. Its `ended` has the exit code, null where a signal ended
 * it, and what it said.
 */
export function startLabmake(root, words, { killAt, trace } = {}) {
  const env = {
    PATH: [join(here, 'recipes'), process.env.PATH].join(delimiter),
    HOME: root,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
  }
  if (killAt !== undefined) env.LABMAKE_KILL_AT = String(killAt)
  if (trace !== undefined) env.LABMAKE_KILL_TRACE = trace
  const killer = killAt === undefined && trace === undefined ? [] : ['--import', killerPath]
  const child = spawn(process.execPath, [...killer, labmakePath, ...words], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-100_000)
    })
  }
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, said })))
  return { child, ended, words, isAlive: () => child.exitCode === null && child.signalCode === null }
}

/** Processes that work in the workspace, with the words that they were started with. */
export function processesIn(root) {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    try {
      const isHere = readlinkSync(`/proc/${pid}/cwd`) === root
      return isHere
        ? [{ pid: Number(pid), words: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') }]
        : []
    } catch {
      return []
    }
  })
}

export function endProcess(pid) {
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}
