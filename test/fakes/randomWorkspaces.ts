import fc from 'fast-check'
import { canScope } from '../../src/core/scope.ts'
import type { FakeDisk } from './disk.ts'
import { ruleSetOf } from './rules.ts'
import { diskOf, type Workspace } from './scopes.ts'

// Patterns that meet in every way: the batch alone, with another wildcard, in other places, with endings that hide in names.
const places = [
  '{batch}',
  '{batch}.a',
  '{batch}/{x}',
  '{batch}/{x}.a',
  '{x}/{batch}',
  '{batch}_{x}',
  '{batch}/{batch}',
  'b/{batch}',
  '{x}',
  'B1',
]
/** What labs write, so that many of the random rules are such that batches can be planned apart. */
const common = ['{batch}', '{batch}.a', '{batch}/{x}', '{batch}/x']
const gathering = ['{batch}/*', '{batch}/**/x', '*/{batch}', '{batch}_*', '*', '{batch}/b*/{x}']
const folder = fc.constantFrom('in', 'm', 'o', 'p')
const slash = fc.constantFrom('', '/')
const path = (names: readonly string[]) =>
  fc.tuple(folder, fc.constantFrom(...names), slash).map(([f, name, s]) => `${f}/${name}${s}`)
const randomRule = fc.record({
  sources: fc.array(path([...common, ...places, ...common, ...gathering]), { minLength: 1, maxLength: 2 }),
  targets: fc.array(path([...common, ...common, ...places]), { minLength: 1, maxLength: 2 }),
  uses: fc.option(path([...common, ...places, ...common, ...gathering]), { freq: 3, nil: undefined }),
  intermediate: fc.boolean(),
  param: fc.constantFrom({}, { p: 'x' }, { p: 'required' }),
})
/** Of batches, and of what hides among them. */
export const names = ['B1', 'b1', 'B2', 'B2.a', 'B2_b', 'b', 'x', 'x y']
export const randomFile = fc
  .tuple(folder, fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }))
  .map(([f, parts]) => [f, ...parts].join('/'))
/** Writes a file; one that lies where a folder would have to be, or the other way round, is left out. */
export function writeIfPossible(disk: FakeDisk, path: string, ageSeconds: number): void {
  try {
    disk.write(path)
    disk.age(path, { seconds: ageSeconds })
  } catch {}
}

const recipe = 'r {target}'
const row = fc.tuple(fc.constantFrom('B1', 'b1', 'B2', 'B3', 'b'), fc.constantFrom('', '1', '2'))

export interface RandomWorkspace extends Workspace {
  readonly disk: FakeDisk
}

/** Workspaces whose rules let batches be planned apart from each other. Made anew for each run: the disk is written to. */
export const randomWorkspace: fc.Arbitrary<RandomWorkspace> = fc
  .record({
    rules: fc.array(randomRule, { minLength: 1, maxLength: 4 }),
    files: fc.array(fc.tuple(randomFile, fc.constantFrom(1, 2, 3, -600)), { maxLength: 12 }),
    rows: fc.array(row, { maxLength: 3 }),
  })
  .map(({ rules: random, files, rows }) => {
    const content = random.map(({ sources, targets, uses, intermediate, param }, i): [string, object] => {
      return [
        `r${i}`,
        { sources, targets, recipe, params: param, intermediate, ...(uses === undefined ? {} : { uses }) },
      ]
    })
    // A rule that makes no sense disables its file, so each is tried in a file of its own.
    const sound = content.filter(([name, rule]) => ruleSetOf({ rules: { [name]: rule } }).faults.length === 0)
    const { rules } = ruleSetOf({ rules: Object.fromEntries(sound) })
    const disk = diskOf([])
    for (const [path, ageSeconds] of files) writeIfPossible(disk, path, ageSeconds)
    return { rules, disk, manifest: rows.map((cells) => `${cells.join('\t')}\n`).join('') }
  })
  .filter(({ rules }) => rules.length > 0 && canScope(rules))
