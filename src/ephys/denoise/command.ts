import type { Command } from '../command.ts'

export const denoiseCommand: Command = {
  usage: 'labmake-ephys denoise SOURCE TARGET.kwd',
  options: {},
  run: async () => {
    throw new Error('not written yet')
  },
}
