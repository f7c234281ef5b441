import { labRules } from '../e2e/lab.ts'

/** The lab's two rules with fake recipes, and an inbox that does not let one wait. */
export const droppedRules = `${labRules}
quiet: 1s
inbox:
  - accept: "{batch}/*.mat"
    store: data/mat/{batch}/
`

/** Files of a workspace with these recordings in it. */
export function recordings(...names: string[]): Record<string, string> {
  return Object.fromEntries([
    ['rules/ephys.yaml', droppedRules],
    ...names.map((name) => [`data/mat/${name}/a.mat`, `spikes of ${name}`]),
  ])
}
