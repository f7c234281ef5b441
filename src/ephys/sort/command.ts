import type { Command } from '../command.ts'

export const sortCommand: Command = {
  usage: 'labmake-ephys sort SOURCE TARGET',
  options: {},
  run: async () => {
    throw new Error('not written yet')
  },
}
