import { type Command, type CommandLine, textOption } from '../command.ts'
import { fillEmptyFolder } from '../emptyFolder.ts'
import { UsageError } from '../errors.ts'
import { startProgress } from '../progress.ts'
import { withSystemFaults } from '../systemFaults.ts'
import type { ChannelCount } from './layout.ts'
import { planRecording, SAMPLE_RATE_HZ, type SimulationOptions } from './recording.ts'
import type { Level } from './units.ts'
import { writeMatFiles, writeTruth } from './write.ts'

const usage = `labmake-ephys simulate FOLDER [--seed 1] [--channels 16|32] [--units N] [--seconds 60] [--level easy|hard] [--files 1]

Makes a recording whose spikes are known, for demonstrations and tests: .mat files as Spike2 exports them, int16 at
20 kHz. One channel is dead (Port_12 of 16; Port_7 of 32), and of 32 one is very noisy (Port_22); common noise, mains
hum and artifacts are on all of them. The same options give the same bytes.

  FOLDER             made if need be; must be empty. In it:
                       <folder's name>.mat   the recording, or several, numbered, with --files
                       probe.json            the probe's map (probeinterface), for labmake-ephys sort --probe
                       truth.json            each unit's place, size and spike times (samples)

  --seed N           what chance starts from (1)
  --channels 16|32   a line, or two columns, at 50 µm (16)
  --units N          cells that fire: 1 to 64 (6 on 16 channels, 10 on 32)
  --seconds S        length of the recording (60)
  --level easy|hard  hard: smaller cells, farther off, nearer to each other (easy)
  --files N          cut it into so many files of one length (1)`

/** Cells beyond this many cannot be kept apart on such a probe. */
const MOST_UNITS = 64
const MOST_FILES = 1000
/** Spikes keep clear of the ends; shorter recordings would have none. */
const SHORTEST_S = 0.1
const LONGEST_S = 86_400

export const simulateCommand: Command = {
  usage,
  options: {
    seed: { type: 'string' },
    channels: { type: 'string' },
    units: { type: 'string' },
    seconds: { type: 'string' },
    level: { type: 'string' },
    files: { type: 'string' },
  },
  run: async (line) => {
    const { options, folder, files } = readLine(line)
    const simulate = async () => {
      const progress = startProgress('simulate')
      const recording = planRecording(options)
      await writeMatFiles(recording, { folder, files, progress })
      writeTruth(recording, folder)
      progress.done()
    }
    await withSystemFaults(() => fillEmptyFolder(folder, simulate))
  },
}

/** Throws UsageError, with what the option takes. */
function readLine(line: CommandLine): { options: SimulationOptions; folder: string; files: number } {
  const [folder, ...rest] = line.positionals
  if (folder === undefined || rest.length > 0) {
    throw new UsageError('simulate takes one folder', { hint: `Usage: ${usage.split('\n')[0]}` })
  }
  const channels = Number(oneOf(line, 'channels', ['16', '32'])) as ChannelCount
  const options: SimulationOptions = {
    seed: numberOption(line, 'seed', { otherwise: 1, from: 0, to: 2 ** 32 - 1, whole: true }),
    channels,
    units: numberOption(line, 'units', { otherwise: channels === 16 ? 6 : 10, from: 1, to: MOST_UNITS, whole: true }),
    seconds: numberOption(line, 'seconds', { otherwise: 60, from: SHORTEST_S, to: LONGEST_S, whole: false }),
    level: oneOf(line, 'level', ['easy', 'hard']) as Level,
  }
  const mostFiles = Math.min(MOST_FILES, Math.floor(options.seconds * SAMPLE_RATE_HZ))
  return { options, folder, files: numberOption(line, 'files', { otherwise: 1, from: 1, to: mostFiles, whole: true }) }
}

/** The option's text, or the first of `choices`. */
function oneOf(line: CommandLine, name: string, choices: readonly [string, ...string[]]): string {
  const text = textOption(line, name) ?? choices[0]
  if (choices.includes(text)) return text
  throw new UsageError(`--${name} ${text}: there is no such choice`, { hint: `Say ${choices.join(' or ')}.` })
}

function numberOption(
  line: CommandLine,
  name: string,
  range: { readonly otherwise: number; readonly from: number; readonly to: number; readonly whole: boolean },
): number {
  const text = textOption(line, name)
  if (text === undefined) return range.otherwise
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= range.from && value <= range.to && (!range.whole || Number.isInteger(value))) return value
  const kind = range.whole ? 'a whole number' : 'a number'
  throw new UsageError(`--${name} ${text}: expected ${kind} from ${range.from} to ${range.to}`, {
    hint: `For example --${name} ${range.otherwise}.`,
  })
}
