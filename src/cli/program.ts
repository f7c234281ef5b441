import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { parseAmount } from '../core/amounts.ts'
import { UserError } from '../model/errors.ts'
import { version } from '../version.ts'
import type { JobVerb } from './act.ts'
import { type BuildCommandOptions, type CommonOptions, type ExitCode, exitCodes, plainBuild } from './options.ts'
import type { ColorChoice } from './terminal.ts'

const help = `
Goals are batches, rules, jobs (denoise/B1) or targets (data/kwd/B1.kwd). A batch that is called like a
command is built with: labmake build NAME

Exit codes: 0 all is up to date, 1 a job failed or something is blocked or protected, 2 the request, a rule
or a manifest is wrong, 70 a defect of labmake, 130 interrupted.`

/** Reads the command line and runs the command that it names. Each command's own code is loaded only when it runs. */
export async function runProgram(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = exitCodes.fine
  const program = makeProgram((result) => {
    code = result
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? exitCodes.fine : exitCodes.wrong
  }
  return code
}

type Conclude = (code: ExitCode) => void

function makeProgram(conclude: Conclude): Command {
  const program = new Command('labmake')
    .description('Brings the targets of a workspace up to date: what is named, or everything.')
    .version(version, '-V, --version', 'print the version')
    .argument('[goal...]', 'batches, rules, jobs or targets; everything if there are none')
    .option('-C, --directory <dir>', 'work in the workspace that DIR lies in', plainBuild.directory)
    .option('-n, --dry-run', 'show what would run, in order, and why; change nothing')
    .option('-j, --jobs <n>', 'at most N jobs at once, all pools together', wholeNumber)
    .option('--fail-fast', 'start nothing more once a job has failed')
    .option('--json', 'print JSON for programs')
    .addOption(
      new Option('--color <when>', 'use colours').choices(['auto', 'always', 'never']).default(plainBuild.color),
    )
    .option('-v, --verbose', 'also show commands and what starts')
    .addHelpText('after', help)
    .exitOverride()
    .showHelpAfterError('(labmake --help lists what there is)')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
    .action(async (goals: string[]) => {
      const { buildCommand } = await import('./build.ts')
      conclude(await buildCommand(goals, buildOptions(program)))
    })
  addActs(program, conclude)
  addInbox(program, conclude)
  addRunning(program, conclude)
  addEngine(program, conclude)
  addLooks(program, conclude)
  addSetUp(program, conclude)
  return program
}

/** Commands that make or decide something. */
function addActs(program: Command, conclude: Conclude): void {
  program
    .command('build')
    .description('the same as labmake without a command, for goals that are called like one')
    .argument('[goal...]', 'batches, rules, jobs or targets')
    .action(async (goals: string[]) => {
      const { buildCommand } = await import('./build.ts')
      conclude(await buildCommand(goals, buildOptions(program)))
    })
  program
    .command('accept')
    .description('call targets current as they are: edited ones, or files that were copied with new times')
    .argument('<goal...>', 'batches, rules, jobs or targets')
    .action(async (goals: string[]) => {
      const { acceptCommand } = await import('./decide.ts')
      conclude(await acceptCommand(goals, buildOptions(program)))
    })
  program
    .command('rebuild')
    .description('make targets again though they are up to date or edited; edited ones are kept in .labmake/attic/')
    .argument('<goal...>', 'batches, rules, jobs or targets')
    .action(async (goals: string[]) => {
      const { rebuildCommand } = await import('./decide.ts')
      conclude(await rebuildCommand(goals, buildOptions(program)))
    })
}

const verbs: readonly (readonly [JobVerb, string])[] = [
  ['retry', 'try again what failed or was stopped'],
  ['cancel', 'end what runs; its target stays as it was, its log is kept'],
  ['hold', 'do not start these until they are released'],
  ['release', 'let what was held start'],
  ['first', 'start these before all others'],
  ['later', 'start these after all others'],
]

/** What lies in the inbox, and a person's say about it. */
function addInbox(program: Command, conclude: Conclude): void {
  program
    .command('inbox')
    .description('what arrives, settles, was refused, or waits for a decision')
    .action(async () => {
      const { inboxCommand } = await import('./inbox.ts')
      conclude(await inboxCommand(commonOptions(program)))
    })
    .command('take')
    .description('take a drop as it is: one that still settles, or one that was refused or is in conflict')
    .argument('<name>', 'its name in inbox/ or inbox/rejected/')
    .option('--replace', 'in the place of what is here, which is kept in .labmake/attic/')
    .option('--as <batch>', 'as another batch')
    .action(async (name: string, own: { replace?: true; as?: string }) => {
      const { inboxTakeCommand } = await import('./inbox.ts')
      conclude(await inboxTakeCommand(name, { ...commonOptions(program), replace: own.replace ?? false, as: own.as }))
    })
}

/** What shows an engine that runs, and may be asked of it. */
function addRunning(program: Command, conclude: Conclude): void {
  program
    .command('watch')
    .description(
      'show what runs, waits and failed, and act on it; starts the engine if none runs. Leaving ends nothing',
    )
    .option('--plain', 'a line for each event, also on a terminal')
    .option('--ascii', 'signs without Unicode')
    .option('--bell', 'ring when a job failed for good')
    .option('--poll', pollText)
    .action(async (own: { plain?: true; ascii?: true; bell?: true; poll?: true }) => {
      const { plain = false, ascii = false, bell = false, poll = false } = own
      const { watchCommand } = await import('./watch.ts')
      conclude(await watchCommand({ ...buildOptions(program), plain, ascii, bell, poll }))
    })
  for (const [verb, description] of verbs) {
    program
      .command(verb)
      .description(`${description} (of a running engine)`)
      .argument('<batch>', 'a batch, rule or job')
      .argument('[rule]', 'only the job of this rule')
      .action(async (batch: string, rule: string | undefined) => {
        const { actCommand } = await import('./act.ts')
        conclude(await actCommand(verb, batch, rule, commonOptions(program)))
      })
  }
  program
    .command('pool')
    .description('change a pool of a running engine, until that ends')
    .argument('<name>', 'the pool')
    .option('--pause', 'start nothing more that needs it')
    .option('--resume', 'end the pause')
    .option('--slots <n>', 'its slots from now on; "declared" for what the rule files say', slotsOrDeclared)
    .option('--size <amount>', 'its size from now on, where it counts memory: 80GB; or "declared"', amountOrDeclared)
    .action(async (pool: string, own: { pause?: true; resume?: true; slots?: PoolLimit; size?: PoolLimit }) => {
      const { pause = false, resume = false, slots, size } = own
      const { poolCommand } = await import('./act.ts')
      conclude(await poolCommand(pool, { ...commonOptions(program), pause, resume, slots, size }))
    })
}

function addEngine(program: Command, conclude: Conclude): void {
  const engine = program.command('engine').description('the process in the background that decides and starts jobs')
  const runOptions = (own: { poll?: true }) => ({ ...buildOptions(program), poll: own.poll ?? false })
  engine
    .command('start')
    .description('start it in the background, unless one runs')
    .option('--poll', pollText)
    .action(async (own: { poll?: true }) => {
      const { engineStart } = await import('./engine.ts')
      conclude(await engineStart(runOptions(own)))
    })
  engine
    .command('run')
    .description('run it in the foreground, as systemd wants it')
    .option('--poll', pollText)
    .action(async (own: { poll?: true }) => {
      const { engineRun } = await import('./engine.ts')
      conclude(await engineRun(runOptions(own)))
    })
  engine
    .command('stop')
    .description('end it; jobs go on, and the next engine takes them over')
    .option('--end-jobs', 'end what runs, too')
    .action(async (own: { endJobs?: true }) => {
      const { engineStop } = await import('./engine.ts')
      conclude(await engineStop({ ...commonOptions(program), end: own.endJobs ?? false }))
    })
  engine
    .command('status')
    .description('does one run, and what is it doing')
    .action(async () => {
      const { engineStatus } = await import('./engine.ts')
      conclude(await engineStatus(commonOptions(program)))
    })
  engine
    .command('unit')
    .description('print a systemd user unit for this workspace')
    .action(async () => {
      const { engineUnit } = await import('./engine.ts')
      conclude(await engineUnit(commonOptions(program)))
    })
}

const pollText = 'look for changes now and then, where the file system does not tell of them'

/** Commands that only look. */
function addLooks(program: Command, conclude: Conclude): void {
  program
    .command('status')
    .description('one look at every batch')
    .argument('[batch...]', 'only these')
    .action(async (batches: string[]) => {
      const { statusCommand } = await import('./status.ts')
      conclude(await statusCommand(batches, commonOptions(program)))
    })
  program
    .command('why')
    .description('the verdict on a target, its reasons, and the file stamps that were compared')
    .argument('<target...>', 'targets, jobs or batches')
    .action(async (targets: string[]) => {
      const { whyCommand } = await import('./why.ts')
      conclude(await whyCommand(targets, commonOptions(program)))
    })
  program
    .command('log')
    .description("the output of a batch's last job, or of the job of a rule")
    .argument('<batch>', 'a batch, job or target')
    .argument('[rule]', 'the rule')
    .option('-f, --follow', 'go on as it grows, until the job ends')
    .option('-a, --attempt <n>', 'an earlier attempt', wholeNumber)
    .action(async (batch: string, rule: string | undefined, own: { follow?: true; attempt?: number }) => {
      const options = { ...commonOptions(program), follow: own.follow ?? false, attempt: own.attempt }
      const { logCommand } = await import('./log.ts')
      conclude(await logCommand(batch, rule, options))
    })
  program
    .command('history')
    .description('what was made, when, and how long it took')
    .argument('[goal...]', 'only these batches, rules or targets')
    .option('-l, --limit <n>', 'at most N entries, the newest', wholeNumber, 50)
    .action(async (goals: string[], own: { limit: number }) => {
      const { historyCommand } = await import('./history.ts')
      conclude(await historyCommand(goals, { ...commonOptions(program), limit: own.limit }))
    })
  program
    .command('graph')
    .description('how the rules hang together, as Mermaid; with goals or --all, the jobs')
    .argument('[goal...]', 'only the jobs of these')
    .option('--all', 'every job instead of every rule')
    .option('--dot', 'as DOT, for graphviz')
    .action(async (goals: string[], own: { all?: true; dot?: true }) => {
      const options = {
        ...commonOptions(program),
        jobs: own.all ?? false,
        format: own.dot ? 'dot' : 'mermaid',
      } as const
      const { graphCommand } = await import('./graph.ts')
      conclude(await graphCommand(goals, options))
    })
}

function addSetUp(program: Command, conclude: Conclude): void {
  program
    .command('notify')
    .description('who is told when something needs a person')
    .command('test')
    .description('send a trial notice to everybody whom rule files name, and say what came of it')
    .action(async () => {
      const { notifyTestCommand } = await import('./notify.ts')
      conclude(await notifyTestCommand(commonOptions(program)))
    })
  program
    .command('init')
    .description('make a new workspace')
    .argument('[dir]', 'where; here if not given')
    .action(async (dir: string | undefined) => {
      const { initCommand } = await import('./init.ts')
      conclude(await initCommand(dir, buildOptions(program)))
    })
  program
    .command('doctor')
    .description('what is missing or wrong here, and what to do about it')
    .action(async () => {
      const { doctorCommand } = await import('./doctor.ts')
      conclude(await doctorCommand(commonOptions(program)))
    })
  program
    .command('completion')
    .description('a completion script for a shell: bash, zsh or fish')
    .argument('<shell>', 'bash, zsh or fish')
    .action(async (shell: string) => {
      const { completionNames, completionScript } = await import('./completion.ts')
      if (shell === 'names') conclude(await completionNames(commonOptions(program)))
      else if (shell === 'bash' || shell === 'zsh' || shell === 'fish') process.stdout.write(completionScript(shell))
      else
        program.error(`error: no completion for "${shell}": bash, zsh and fish are known`, {
          exitCode: exitCodes.wrong,
        })
    })
}

function wholeNumber(text: string): number {
  const n = Number(text)
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('It takes a whole number, 1 or more.')
  return n
}

type PoolLimit = number | 'declared'

function slotsOrDeclared(text: string): PoolLimit {
  const n = Number(text)
  if (text === 'declared') return text
  if (!Number.isInteger(n) || n < 0) throw new InvalidArgumentError('It takes a whole number, or the word declared.')
  return n
}

/** In bytes. */
function amountOrDeclared(text: string): PoolLimit {
  if (text === 'declared') return text
  try {
    return parseAmount(text)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new InvalidArgumentError(`${error.message}. ${error.hint ?? ''}`.trim())
  }
}

interface GivenOptions {
  readonly directory: string
  readonly color: ColorChoice
  readonly json?: true
  readonly verbose?: true
  readonly dryRun?: true
  readonly failFast?: true
  readonly jobs?: number
}

function commonOptions(program: Command): CommonOptions {
  return buildOptions(program)
}

function buildOptions(program: Command): BuildCommandOptions {
  return { ...plainBuild, ...program.opts<GivenOptions>() }
}
