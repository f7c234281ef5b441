import { type Command, type CommandLine, textOption } from '../command.ts'
import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { denoise } from './denoise.ts'
import { type Method, methods } from './reference.ts'

const usage = `labmake-ephys denoise SOURCE TARGET.kwd [--omit Port_20,Port_2] [--method cmr|car|war|none]

Takes the noise common to all channels off a recording, and writes it as a .kwd file (int16).

SOURCE is a folder of .mat files as Spike2 exports them (version 5 to 7.3), or one such file. Each channel is a struct
Port_N; other variables are passed by. Files follow each other in the order of the numbers in their names. Kept are the
channels that are in every file.

  --omit NAMES     channels to leave out, joined by commas; names are taken exactly; '' omits none
  --method METHOD  what is taken off each sample after its channel's mean:
                     cmr   the median over the channels (the default)
                     car   the mean of the other channels
                     war   what a regression on the other channels predicts
                     none  nothing
  -h, --help       this text

Dead and very noisy channels are told, and are no part of what is common.`

export const denoiseCommand: Command = {
  usage,
  options: { omit: { type: 'string' }, method: { type: 'string', default: 'cmr' } },
  run: async (line) => {
    const [source, target, ...more] = line.positionals
    if (source === undefined || target === undefined || more.length > 0) {
      throw new UsageError(`expected a source and a target, got ${line.positionals.length} names`, {
        hint: 'Usage: labmake-ephys denoise SOURCE TARGET.kwd [--omit NAMES] [--method METHOD]',
      })
    }
    await denoise({ source, target, omit: parseOmit(textOption(line, 'omit') ?? ''), method: parseMethod(line) })
  },
}

/** `' Port_20, Port_2'` → both names, each once. */
function parseOmit(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  return [...new Set(names.filter((name) => name !== ''))]
}

function parseMethod(line: CommandLine): Method {
  const text = textOption(line, 'method') ?? ''
  const method = methods.find((known) => known === text)
  if (method !== undefined) return method
  const meant = nearest(text, methods)
  throw new UsageError(`there is no method ${text}`, {
    hint: meant ? `Did you mean ${meant}?` : `The methods are ${methods.join(', ')}.`,
  })
}
