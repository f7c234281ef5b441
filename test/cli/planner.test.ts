import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openPlanner } from '../../src/cli/planner.ts'
import { openWorkspace } from '../../src/cli/workspace.ts'
import { watchedFolders } from '../../src/core/watched.ts'
import { watchWorkspace } from '../../src/io/watch.ts'

// What was seen of batches stands as long as the system tells of no change: here the system is the one that runs the test.

const recipe = 'r {target}'
const lab = {
  a: { sources: 'data/mat/{batch}/', targets: 'data/kwd/{batch}.kwd', params: { p: '' }, recipe },
  b: { sources: 'data/kwd/{batch}.kwd', targets: 'data/phy/{batch}/', recipe },
}
const others = { a: { sources: 'data/raw/{batch}/', targets: 'data/kwd/{batch}.kwd', recipe } }
const batches: ReadonlySet<string> = new Set(['B1', 'B2', 'B3'])

/** A workspace whose planner is told of changes as an engine's is. */
async function planning(files: readonly string[]) {
  const root = mkdtempSync(join(tmpdir(), 'labmake-planner-'))
  const write = (path: string, content = 'x') => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  for (const path of ['inbox/.keep', 'data/manifests/m.tsv', 'store/a.mat', ...files]) write(path, '')
  write('rules/r.yaml', JSON.stringify({ rules: lab }))
  const workspace = await openWorkspace(root)
  const onTouch = (touched: ReadonlySet<string> | 'everything') => planner.forget(touched)
  const watcher = watchWorkspace({ root, poll: false, onChange: () => {}, onTouch, onTrouble: () => {} })
  let hearsAll = () => watcher.hearsAll()
  const planner = openPlanner(workspace, { hearsAll: () => hearsAll() })
  const follow = () => watcher.follow(watchedFolders(workspace.ruleSet.rules))
  await follow()
  await watcher.ready
  const fresh = openPlanner(workspace, { hearsAll: () => false })
  return {
    root,
    write,
    heard: () => watcher.catchUp(),
    /** Of batches of which rows alone have changed. */
    plan: () => said(planner.plan(batches, batches).plan),
    fromNothing: () => said(fresh.plan(batches).plan),
    async rereadRules(rules: object) {
      write('rules/r.yaml', JSON.stringify({ rules }))
      hearsAll = () => false
      await workspace.rereadRules()
      await follow()
      hearsAll = () => watcher.hearsAll()
    },
    async [Symbol.asyncDispose]() {
      await watcher.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}
type Planning = Awaited<ReturnType<typeof planning>>

const said = ({ jobs, orphaned, errors }: ReturnType<ReturnType<typeof openPlanner>['plan']>['plan']) => ({
  // The bytes tell that a file is another one, also where the verdict does not.
  jobs: jobs.map(({ job, verdict, sourceBytes }) => ({ id: job.id, params: [...job.params], verdict, sourceBytes })),
  orphaned,
  errors,
})

const path = fc
  .tuple(
    fc.constantFrom(
      'data/mat/B/a.mat',
      'data/mat/B/b.mat',
      'data/mat/B/deep/c.mat',
      'data/kwd/B.kwd',
      'data/phy/B/p',
      'data/raw/B/a',
    ),
    fc.constantFrom(...batches),
  )
  .map(([place, batch]) => place.replace('B', batch))
const folder = path.map(dirname).filter((at) => at !== 'data/kwd')
const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('write' as const), path, bytes: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), path: fc.oneof(path, folder) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), path: folder, to: folder }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const), path: folder, bytes: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('link' as const), path: fc.oneof(path, folder) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('behind' as const), bytes: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('row' as const), value: fc.constantFrom('', '1', '2') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rules' as const), rules: fc.constantFrom(lab, others) }) },
  // Before the system has told of what was done.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('plan' as const) }) },
)

async function perform(one: typeof act extends fc.Arbitrary<infer T> ? T : never, it: Planning): Promise<void> {
  const at = (path: string) => join(it.root, path)
  switch (one.kind) {
    case 'write':
      return it.write(one.path, 'x'.repeat(one.bytes))
    case 'remove':
      return rmSync(at(one.path), { recursive: true, force: true })
    case 'rename':
      return renameSync(at(one.path), at(one.to))
    case 'replace':
      rmSync(at(one.path), { recursive: true })
      return it.write(`${one.path}/a.mat`, 'x'.repeat(one.bytes))
    case 'link':
      rmSync(at(one.path), { recursive: true, force: true })
      return symlinkSync(at(one.path.endsWith('.mat') ? 'store/a.mat' : 'store'), at(one.path))
    case 'behind':
      return it.write('store/a.mat', 'x'.repeat(one.bytes))
    case 'row':
      return it.write('data/manifests/m.tsv', `batch\tp\nB1\t${one.value}\n`)
    case 'rules':
      return it.rereadRules(one.rules)
    case 'plan':
      it.plan()
  }
}

test('whatever is done to files, rows and rules, a plan that keeps what it saw is a plan from nothing', async () => {
  const turns = fc.array(fc.array(act, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(
      fc.subarray(['data/mat/B1/a.mat', 'data/mat/B2/a.mat', 'data/kwd/B1.kwd']),
      turns,
      async (files, turns) => {
        await using it = await planning(files)
        it.plan()
        for (const acts of turns) {
          for (const one of acts) {
            // What cannot be, since a file is in the way or none is there, is left out.
            await perform(one, it).catch((error: NodeJS.ErrnoException) => {
              if (error.code === undefined) throw error
            })
          }
          await it.heard()
          expect(it.plan()).toEqual(it.fromNothing())
        }
      },
    ),
    { numRuns: Number(process.env.RANDOM_RUNS ?? 25) },
  )
}, 60_000)
