import { type ChildProcess, spawn } from 'node:child_process'
import { lstatSync } from 'node:fs'
import type { Socket } from 'node:net'

/** Lets the kernel exchange what lies at two paths, so that neither is ever missing. */
export interface Exchanger {
  /** There will soon be something to exchange: what does it gets ready meanwhile. */
  prepare(): void
  /** False where the system cannot; then both are as they were. */
  exchange(a: string, b: string): Promise<boolean>
}

/** renameat2, by number. Node does not offer it, and perl, which every Debian and macOS has, does. */
const renameat2: Readonly<Record<string, number>> = { x64: 316, arm64: 276, ppc64: 357, s390x: 347, riscv64: 276 }
const workingFolder = -100
const exchangeFlag = 2

/** Paths come in pairs, each with a zero byte behind it; of each pair it is told by one sign whether that was done. */
const perlScript = (call: number) => `$/ = "\\0"; $| = 1;
while (defined(my $a = <STDIN>)) {
  my $b = <STDIN>; chomp($a, $b);
  print syscall(${call}, ${workingFolder}, $a, ${workingFolder}, $b, ${exchangeFlag}) == 0 ? 1 : 0;
}`

/** A perl that nothing was asked of for so long is ended: an engine waits for days. */
const idleMs = 10_000

/**
 * One perl for all exchanges that follow one another: to start it takes longer than all else that is done to put a target into
 * its place. `program`: what to start.
 */
export function openExchanger(program: readonly [string, ...string[]] | undefined = perl()): Exchanger {
  let helper: Helper | undefined
  const started = () => {
    if (program === undefined) return undefined
    try {
      helper ??= openHelper(program, () => {
        helper = undefined
      })
    } catch {
      // There is no memory for one more process: it is tried again the next time, and until then there is another way.
    }
    return helper
  }
  return {
    prepare: () => void started(),
    async exchange(a, b) {
      const before = inodeOf(a)
      const told = await started()?.ask(a, b)
      // Of what was killed nobody knows how far it came, but by what lies there.
      return told ?? (before !== undefined && inodeOf(b) === before)
    },
  }
}

function perl(): readonly [string, ...string[]] | undefined {
  const call = process.platform === 'linux' ? renameat2[process.arch] : undefined
  return call === undefined ? undefined : ['perl', '-e', perlScript(call)]
}

const inodeOf = (path: string) => lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino

interface Helper {
  /** Undefined if it ended before it told. */
  ask(a: string, b: string): Promise<boolean | undefined>
}

function openHelper([command, ...args]: readonly [string, ...string[]], onGone: () => void): Helper {
  const asked: ((done: boolean | undefined) => void)[] = []
  let isGone = false
  // A session of its own, so that no terminal ends it; it ends with us, who write to it.
  const child: ChildProcess = spawn(command, args, { detached: true, stdio: ['pipe', 'pipe', 'ignore'] })
  // Where no more files can be opened there is none of these.
  const input = child.stdin as Socket | null | undefined
  const output = child.stdout as Socket | null | undefined
  const gone = () => {
    if (isGone) return
    isGone = true
    clearTimeout(timer)
    onGone()
    for (const tell of asked.splice(0)) tell(undefined)
  }
  const timer = setTimeout(() => {
    if (asked.length > 0) return void timer.refresh()
    // From now on another one is asked.
    gone()
    input?.end()
  }, idleMs)
  timer.unref()
  // Only what somebody waits for keeps labmake.
  for (const handle of [child, input, output]) handle?.unref()
  child.once('error', gone)
  // By then all that it told is heard, and it does nothing any more.
  output?.once('close', gone)
  for (const stream of [input, output]) stream?.on('error', () => {})
  output?.on('data', (bytes: Buffer) => {
    for (const sign of bytes.toString('latin1')) asked.shift()?.(sign === '1')
    if (asked.length === 0) output.unref()
  })
  return {
    ask: (a, b) =>
      new Promise((resolve) => {
        if (isGone || input === null || input === undefined) return resolve(undefined)
        asked.push(resolve)
        timer.refresh()
        output?.ref()
        input.write(`${a}\0${b}\0`)
      }),
  }
}
