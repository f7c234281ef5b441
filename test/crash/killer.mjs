// Preload (`node --import`): kills its own process with SIGKILL right before the Nth call that changes something outside of
// it: a file, a folder, another process. So every instant between two such calls can be gone through, and labmake needs no
// hook for it. LABMAKE_KILL_AT=N; half of a written text counts as a call too. LABMAKE_KILL_TRACE=FILE gets a line per call.
import childProcess from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const killAt = Number(process.env.LABMAKE_KILL_AT ?? Number.POSITIVE_INFINITY)
const { openSync, writeSync } = fs
const kill = process.kill.bind(process)
const trace = process.env.LABMAKE_KILL_TRACE && openSync(process.env.LABMAKE_KILL_TRACE, 'a')
let calls = 0
/** In a call of Node's own that makes others. */
let isWithin = false

/** Is this the call to die before? */
function isNext(name, args) {
  calls++
  if (trace !== undefined) {
    const shown = args.filter((arg) => typeof arg === 'string').map((text) => text.slice(0, 120).replaceAll('\n', ' '))
    writeSync(trace, `${calls} ${name} ${shown.join(' ')}\n`)
  }
  return calls >= killAt
}

function die() {
  kill(process.pid, 'SIGKILL')
  // The signal is on its way: nothing of ours may run before it arrives.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

/** `changes`: does a call with these arguments change anything? */
function guard(object, name, changes = () => true) {
  const original = object[name]
  object[name] = function (...args) {
    if (isWithin || !changes(args)) return original.apply(this, args)
    if (isNext(name, args)) die()
    isWithin = true
    try {
      return original.apply(this, args)
    } finally {
      isWithin = false
    }
  }
}

/** As guard, of a call that writes a text: half of that counts too. */
function guardText(name) {
  const original = fs[name]
  guard(fs, name)
  const guarded = fs[name]
  fs[name] = (path, text, ...rest) => {
    if (!isWithin && typeof text === 'string' && isNext(`${name}, half of it`, [path])) {
      isWithin = true
      original(path, text.slice(0, Math.floor(text.length / 2)), ...rest)
      die()
    }
    return guarded(path, text, ...rest)
  }
}

const opensToWrite = ([, flags]) => typeof flags === 'string' && /[wax+]/.test(flags)
const callsOnPaths = [
  'rename',
  'link',
  'mkdir',
  'rm',
  'rmdir',
  'unlink',
  'utimes',
  'symlink',
  'truncate',
  'cp',
  'copyFile',
]
for (const name of callsOnPaths) {
  guard(fs, `${name}Sync`)
  guard(fs.promises, name)
  // proper-lockfile knows no promises.
  if (name !== 'cp') guard(fs, name)
}
for (const name of ['writeFile', 'appendFile']) {
  guardText(`${name}Sync`)
  guard(fs.promises, name)
}
guard(fs, 'fsyncSync')
guard(fs, 'fsync')
guard(fs, 'openSync', opensToWrite)
guard(childProcess, 'spawn')
// What a process that stays is told to do changes something, too.
const { spawn } = childProcess
childProcess.spawn = (...args) => {
  const child = spawn(...args)
  if (child.stdin) guard(child.stdin, 'write')
  return child
}
guard(childProcess, 'execFile')
guard(process, 'kill', ([, signal]) => signal !== 0)

// A text that is half written is what a kill in the middle of a large write leaves.
fs.writeSync = (descriptor, data, ...rest) => {
  // What it says to people changes nothing.
  if (descriptor <= 2 || isWithin) return writeSync(descriptor, data, ...rest)
  if (isNext('writeSync', [])) die()
  if (isNext('writeSync, half of it', [])) {
    const bytes = Buffer.from(data)
    writeSync(descriptor, bytes.subarray(0, Math.floor(bytes.length / 2)))
    die()
  }
  return writeSync(descriptor, data, ...rest)
}

const open = fs.promises.open
fs.promises.open = async (...args) => {
  if (opensToWrite(args) && isNext('open', args)) die()
  const handle = await open(...args)
  const write = handle.writeFile.bind(handle)
  handle.writeFile = async (text, ...rest) => {
    if (isNext('writeFile', [args[0]])) die()
    if (isNext('writeFile, half of it', [args[0]])) {
      await write(String(text).slice(0, Math.floor(String(text).length / 2)))
      die()
    }
    return write(text, ...rest)
  }
  const sync = handle.sync.bind(handle)
  handle.sync = () => {
    if (isNext('sync', [args[0]])) die()
    return sync()
  }
  return handle
}
syncBuiltinESMExports()
