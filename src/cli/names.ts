/** Commands that have a name of their own; anything else on the command line is a goal to build. */
export const namedCommands = [
  'build',
  'status',
  'why',
  'log',
  'history',
  'accept',
  'rebuild',
  'graph',
  'init',
  'doctor',
  'completion',
] as const
