import type { Command } from '../command.ts'

export const simulateCommand: Command = {
  usage: 'labmake-ephys simulate TARGET',
  options: {},
  run: async () => {
    throw new Error('not written yet')
  },
}
