import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { until } from '../workspace.ts'

// The system itself refuses watches here, not only to our own but also to chokidar's: in a user namespace of its own,
// the kernel allows a process as few as it is told.

const setLimit = (limit: number) => `echo ${limit} > /proc/sys/user/max_inotify_watches`
const inNamespace = ['--user', '--map-root-user', 'sh', '-c']
const canLimit = spawnSync('unshare', [...inNamespace, setLimit(5)]).status === 0

const program = `
  import { watchWorkspace } from './src/io/watch.ts'
  import { watchedFolders } from './src/core/watched.ts'
  import { parsePattern } from './src/core/pattern.ts'
  const say = (what) => console.log(JSON.stringify(what))
  const watcher = watchWorkspace({
    root: process.argv[2],
    poll: false,
    onChange: (change) => say(change.kind === 'batches' ? { ...change, names: [...change.names] } : change),
    onTouch: () => {},
    onTrouble: say,
  })
  const sources = [{ name: '1', pattern: parsePattern('mat/{batch}/', { absolute: false }) }]
  await watcher.follow(watchedFolders([{ sources, targets: [], uses: [] }]))
  await watcher.ready
  say({ kind: 'ready' })
`

interface Said {
  readonly kind?: string
  readonly names?: readonly string[]
  readonly message?: string
}

test.skipIf(!canLimit).each([1, 4])(
  'with %i watches of the system, all else is polled',
  async (limit) => {
    const folder = mkdtempSync(join(tmpdir(), 'labmake-limit-'))
    const root = join(folder, 'ws')
    for (const path of ['rules', 'inbox', 'data/manifests', 'mat/B1', 'mat/B2'])
      mkdirSync(join(root, path), { recursive: true })
    const outfile = join(folder, 'watch.mjs')
    const banner = { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' }
    const stdin = { contents: program, resolveDir: process.cwd() }
    await build({ stdin, outfile, banner, bundle: true, format: 'esm', platform: 'node' })
    const said: Said[] = []
    let child: ChildProcess | undefined
    try {
      child = spawn('unshare', [...inNamespace, `${setLimit(limit)} && exec node ${outfile} ${root}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      createInterface({ input: child.stdout! }).on('line', (line) => said.push(JSON.parse(line)))
      const isTold = (kind: string) => said.some((change) => change.kind === kind)
      await until('it watches', () => isTold('ready'))
      for (const [kind, path] of [
        ['rules', 'rules/r.yaml'],
        ['manifests', 'data/manifests/m.tsv'],
        ['inbox', 'inbox/m.tsv'],
      ] as const) {
        // What is told when a watch is replaced by a poll has been told by the time that the third one is.
        said.splice(0, said.length, ...said.filter(({ message }) => message !== undefined))
        writeFileSync(join(root, path), 'x')
        await until(`${kind} is told`, () => isTold(kind))
      }
      const isBatchTold = (name: string) => said.some(({ names }) => names?.includes(name))
      for (const name of ['B1', 'B2']) writeFileSync(join(root, 'mat', name, 'a.mat'), 'x')
      await until('both batches are told', () => isBatchTold('B1') && isBatchTold('B2'))
      expect(said.filter(({ message }) => message !== undefined)).toMatchObject([
        {
          where: 'fs.inotify.max_user_watches',
          hint: expect.stringContaining('sudo sysctl fs.inotify.max_user_watches='),
        },
      ])
    } finally {
      child?.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    }
  },
  60_000,
)
