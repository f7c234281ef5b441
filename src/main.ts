import { version } from './version.ts'

/** argv → command → exit code. The only place that catches what nobody else expected. */
async function main(argv: readonly string[]): Promise<number> {
  // Asked so often by scripts and shells that it should cost no more than starting Node.
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${version}\n`)
    return 0
  }
  const { runProgram } = await import('./cli/program.ts')
  try {
    return await runProgram(argv)
  } catch (error) {
    const { reportError } = await import('./cli/report.ts')
    return reportError(error)
  }
}

// Whoever reads our output may stop reading: `labmake history | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await main(process.argv.slice(2))
