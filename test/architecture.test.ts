import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

// The invariants of src/ARCHITECTURE.md, by reading the import lines of every module.

const src = join(import.meta.dirname, '../src')

interface Import {
  /** Module that imports, relative to src: `core/plan.ts`. */
  readonly from: string
  /** What it imports: a module relative to src, or a package. */
  readonly to: string
  /** Gone once compiled. */
  readonly isType: boolean
}

const modules = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.(ts|tsx)$/.test(path))

const text = (module: string) => readFileSync(join(src, module), 'utf8')

const imports: Import[] = modules.flatMap((from) =>
  [
    ...text(from).matchAll(
      /(?:^|\n)\s*(?:import|export)\b([^;'"]*?)\bfrom '([^']+)'|\bimport\('([^']+)'\)|(?:^|\n)import '([^']+)'/g,
    ),
  ].map(([, clause = '', named, dynamic, bare]) => {
    const to = named ?? dynamic ?? bare ?? ''
    const path = to.startsWith('.') ? relative(src, join(src, dirname(from), to)).replaceAll('\\', '/') : to
    return { from, to: path, isType: /^\s*type\b/.test(clause) }
  }),
)

const part = (module: string) => (module.includes('/') ? module.split('/')[0]! : 'main')
const isOwn = (to: string) => /\.(ts|tsx)$/.test(to)
const shown = ({ from, to }: Import) => `${from} imports ${to}`
const offending = (bad: (i: Import) => boolean) => imports.filter(bad).map(shown)

test('there are modules, and their imports are seen', () => {
  expect(modules.length).toBeGreaterThan(60)
  expect(imports.length).toBeGreaterThan(200)
  expect(imports.filter(({ to }) => isOwn(to) && !modules.includes(to))).toEqual([])
})

/** What each part may import of ours. */
const below: Readonly<Record<string, readonly string[]>> = {
  model: ['model'],
  core: ['core', 'model'],
  engine: ['engine', 'core', 'model'],
  io: ['io', 'core', 'model'],
  server: ['server', 'core', 'model', 'main'],
  ui: ['ui', 'core', 'model', 'main'],
  cli: ['cli', 'ui', 'server', 'engine', 'io', 'core', 'model', 'main'],
  ephys: ['ephys', 'main'],
  // What record.mjs makes a picture with: no part of labmake.
  record: ['record'],
  // index.ts is what a rule file in JavaScript imports: types and defineRules.
  main: ['main', 'cli', 'core', 'model'],
}

test('imports go downward only', () => {
  expect(offending(({ from, to }) => isOwn(to) && !(below[part(from)] ?? []).includes(part(to)))).toEqual([])
})

test('of what lies beside the parts, only the version is imported', () => {
  const shared = ({ from, to }: Import) => isOwn(to) && part(to) === 'main' && part(from) !== 'main'
  expect(offending((i) => shared(i) && i.to !== 'version.ts')).toEqual([])
})

test('nothing in core/, model/ or record/ imports node:, or a package that does input or output', () => {
  const pure = ['fastest-levenshtein', 'zod/mini']
  const isPure = ({ from }: Import) => ['core', 'model', 'record'].includes(part(from))
  expect(offending((i) => isPure(i) && !isOwn(i.to) && !pure.includes(i.to))).toEqual([])
})

test('nothing in core/ or model/ asks what time it is, or for chance', () => {
  const asks = modules.filter(
    (m) =>
      /^(core|model)\//.test(m) &&
      /Date\.now|new Date\(\)|Math\.random|performance\.|process\.|setTimeout/.test(text(m)),
  )
  expect(asks).toEqual([])
})

test('the engine knows no terminal, no HTTP and no disk but its ports', () => {
  expect(offending(({ from, to }) => part(from) === 'engine' && !isOwn(to))).toEqual([])
  const asks = modules.filter(
    (m) => m.startsWith('engine/') && /Date\.now|Math\.random|process\.|setTimeout/.test(text(m)),
  )
  expect(asks).toEqual([])
})

test('only io/ starts a process or touches a lock', () => {
  const starts = ['node:child_process', 'node:cluster', 'node:worker_threads', 'execa', 'proper-lockfile']
  expect(offending(({ from, to }) => starts.includes(to) && part(from) !== 'io' && part(from) !== 'ephys')).toEqual([])
})

test('cli/ and ui/ know no rule files but by their reader', () => {
  const format = ['yaml', 'core/ruleFile.ts', 'core/ruleSchema.ts', 'core/pattern.ts']
  expect(offending(({ from, to }) => ['cli', 'ui'].includes(part(from)) && format.includes(to))).toEqual([])
})

test('recipes know nothing of labmake', () => {
  expect(
    offending(({ from, to }) => part(from) === 'ephys' && isOwn(to) && !/^(ephys\/|version\.ts$)/.test(to)),
  ).toEqual([])
})

test('a command loads Ink only where there is a terminal to draw on', () => {
  const draws = (to: string) => to === 'ink' || to === 'react'
  expect(offending(({ from, to }) => draws(to) && part(from) !== 'ui')).toEqual([])
})

test('modules import each other by their files, not through a barrel', () => {
  expect(modules.filter((m) => /\/index\.tsx?$/.test(m))).toEqual([])
  expect(offending(({ to }) => to === 'index.ts')).toEqual([])
})
