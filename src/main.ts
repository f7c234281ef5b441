import { setFlagsFromString } from 'node:v8'
import { version } from './version.ts'

// Most runs are over in a fraction of a second, before what V8's optimizing compiler costs is earned back: it waits a few
// times longer than usual (a no-op over 1,000 batches takes a fifth less), and does its work in long ones as ever.
setFlagsFromString('--interrupt-budget=600000')

/** Of a terminal that is gone (the ssh line dropped) the system says EIO. */
const isNobodyReading = (error: unknown) => ['EPIPE', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? '')

const isShortOfFiles = (error: unknown) => ['EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException).code ?? '')

/**
 * Alone, labmake is run most often, and mostly finds nothing to do: then reading an empty command line is a waste. So it is for
 * what people type next, a look at what would run.
 */
async function run(argv: readonly string[]): Promise<number> {
  const dryRun = argv.length === 1 && argv[0] === '-n'
  if (argv.length > 0 && !dryRun) return (await import('./cli/program.ts')).runProgram(argv)
  const code = await (await import('./cli/build.ts')).plainBuildCommand({ dryRun })
  // All is said: Node would take apart what is known of ten thousand batches, object by object, for 10 ms.
  if (process.stdout.writableLength + process.stderr.writableLength === 0) process.exit(code)
  return code
}

/** argv → command → exit code. The only place that catches what nobody else expected. */
async function main(argv: readonly string[]): Promise<number> {
  // Asked so often by scripts and shells that it should cost no more than starting Node.
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${version}\n`)
    return 0
  }
  try {
    return await run(argv)
  } catch (error) {
    if (isNobodyReading(error)) return 0
    if (isShortOfFiles(error)) {
      // Said here: what says it otherwise would have to be read from a file.
      process.stderr.write(
        'error: labmake may not open as many files as it needs: too many open files\n  Allow it more with ulimit -n 4096, then run it again. Nothing was lost.\n',
      )
      return 1
    }
    const { reportError } = await import('./cli/report.ts')
    return reportError(error)
  }
}

// Whoever reads our output may stop reading: `labmake history | head` is no error, and a build goes on to its end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!isNobodyReading(error)) throw error
  })
}

process.exitCode = await main(process.argv.slice(2))
