import { type Command, textOption } from '../command.ts'
import { fillEmptyFolder } from '../emptyFolder.ts'
import { InputError, UsageError } from '../errors.ts'
import { type Kwd, openKwd } from '../kwd.ts'
import { startProgress } from '../progress.ts'
import { withSystemFaults } from '../systemFaults.ts'
import { linePositions, readProbe } from './probe.ts'
import type { Recording } from './recording.ts'
import { sortRecording } from './sort.ts'

const usage = `labmake-ephys sort SOURCE.kwd FOLDER [--probe MAP.json]

Sorts the spikes of a recording, for a quick look on few channels: band-pass 300 to 6000 Hz, troughs below 5 robust
standard deviations of the noise, clusters of their waveforms, then matching of each cluster's template. For results
that are published, sort with Kilosort or another sorter from SpikeInterface.

  FOLDER           made if need be; must be empty. Open it with: phy template-gui FOLDER/params.py

  --probe MAP.json where the channels lie, as probeinterface writes it. Contacts are found by contact_ids that name the
                   channels (Port_3), else by device_channel_indices (Port_3 is 2). Without it: a line, 50 µm apart.

Needs as much room again as the recording, while it works. The same recording gives the same bytes.`

export const sortCommand: Command = {
  usage,
  options: { probe: { type: 'string' } },
  run: async (line) => {
    const [source, folder, ...rest] = line.positionals
    if (source === undefined || folder === undefined || rest.length > 0) {
      throw new UsageError('sort takes a .kwd file and a folder', { hint: `Usage: ${usage.split('\n')[0]}` })
    }
    await withSystemFaults(() => sortFile(source, folder, textOption(line, 'probe')))
  },
}

async function sortFile(source: string, folder: string, probe: string | undefined): Promise<void> {
  const kwd = await openKwd(source)
  try {
    const recording = recordingOf(kwd)
    const { channelNames } = recording
    const positions = probe === undefined ? linePositions(channelNames) : readProbe(probe, channelNames)
    await fillEmptyFolder(folder, () => {
      const progress = startProgress('sort')
      const { units, spikes } = sortRecording({ recording, positions, folder, progress })
      progress.done()
      console.log(`sorter: simple, for a quick look: ${spikes} spikes of ${units} ${units === 1 ? 'unit' : 'units'}`)
    })
  } finally {
    kwd.close()
  }
}

/** Throws InputError when the stretches were not sampled alike. */
function recordingOf(kwd: Kwd): Recording {
  const [first] = kwd.recordings
  const other = kwd.recordings.find(({ sampleRateHz }) => sampleRateHz !== first!.sampleRateHz)
  if (other) {
    throw new InputError(`${kwd.path} has stretches at ${first!.sampleRateHz} and at ${other.sampleRateHz} Hz`, {
      hint: 'Put stretches of one sample rate into a batch.',
    })
  }
  return {
    sampleRateHz: first!.sampleRateHz,
    channelNames: kwd.channelNames,
    stretches: kwd.recordings.map(({ index, samples }) => ({
      samples,
      read: (from, to) => kwd.read(index, from, to),
    })),
  }
}
