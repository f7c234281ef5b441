import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { leftAttempts, openAttempts } from '../../src/io/attempts.ts'
import type { AttemptState } from '../../src/model/attempt.ts'
import type { MadeRecord } from '../../src/model/record.ts'
import { workspace } from '../workspace.ts'
import { oneRule } from './lab.ts'
import { canLoop, diskThatLosesPower } from './smallDisk.ts'

// The power really goes: of a file system of its own, what had not come to the disk by then is not there afterwards.

const copying = oneRule('recipe: cp {source} {target}')

describe.skipIf(!canLoop)('a power cut', () => {
  test('just after a target was replaced, on another disk than the journal: the new one is there, and nothing is edited', async () => {
    await using ws = await workspace({ 'rules/r.yaml': copying, 'in/a.txt': 'old' })
    const cutPower = diskThatLosesPower(ws, 'out')
    await ws.labmake()
    ws.write('in/a.txt', 'newer')
    expect((await ws.labmake()).code).toBe(0)
    cutPower()
    expect(ws.read('out/a.txt')).toBe('newer')
    expect((await ws.labmake('-n', '--json')).json()).toMatchObject({ jobs: [], protected: [], upToDate: 1 })
    expect((await ws.labmake('why', 'out/a.txt')).stdout).not.toContain('edited')
  })

  test('just after a target folder was replaced: the same', async () => {
    await using ws = await workspace({
      'rules/r.yaml':
        'rules: { f: { sources: "in/{x}.txt", targets: "out/{x}/", script: "mkdir $target; cp $1 $target" } }\n',
      'in/a.txt': 'old',
    })
    const cutPower = diskThatLosesPower(ws, 'out')
    await ws.labmake()
    ws.write('in/a.txt', 'newer')
    expect((await ws.labmake()).code).toBe(0)
    cutPower()
    expect(ws.read('out/a/a.txt')).toBe('newer')
    expect((await ws.labmake('-n', '--json')).json()).toMatchObject({ jobs: [], protected: [], upToDate: 1 })
  })

  test('of the disk that has all of it, which keeps the order of changes by itself: the same', async () => {
    await using ws = await workspace({ 'lab/': '' })
    const cutPower = diskThatLosesPower(ws, 'lab')
    ws.write('lab/rules/r.yaml', copying)
    ws.write('lab/in/a.txt', 'old')
    const lab = ws.from({ cwd: 'lab' })
    await lab.labmake()
    ws.write('lab/in/a.txt', 'newer')
    // What people wrote themselves came to the disk long ago.
    execFileSync('sync', ['-f', ws.path('lab')])
    expect((await lab.labmake()).code).toBe(0)
    cutPower()
    expect(ws.read('lab/out/a.txt')).toBe('newer')
    expect((await lab.labmake('-n', '--json')).json()).toMatchObject({ jobs: [], protected: [], upToDate: 1 })
  })

  test('of the disk of .labmake: the intent of a commit is found again as soon as it is written', async () => {
    await using ws = await workspace({ 'out/': '' })
    const cutPower = diskThatLosesPower(ws, '.labmake')
    const target = { path: 'out/a.txt', isFolder: false, folder: 'out/.s', staged: 'out/.s/a.txt', keepOld: false }
    const before = { sources: {}, uses: {}, targets: {}, recipe: '', params: {} }
    const state = { slug: 'one', job: 'copy/a', attempt: 1, startedMs: 0, targets: [target], before, log: '' }
    const attempts = openAttempts(ws.root)
    await attempts.write(state as unknown as AttemptState)
    const record = { type: 'made', at: 'now', job: 'copy/a', target: 'out/a.txt', targets: {} } as unknown as MadeRecord
    await attempts.writeIntent(state as unknown as AttemptState, record, { mustLast: true })
    cutPower()
    expect(leftAttempts(ws.root)).toMatchObject([{ slug: 'one', committing: { at: 'now' } }])
  })

  test('just after a recording was taken to another disk: it is whole there', async () => {
    const rules = 'quiet: 50ms\ninbox:\n  - accept: "{batch}/*.mat"\n    store: data/mat/{batch}/\n'
    await using ws = await workspace({ 'rules/r.yaml': rules, 'inbox/B1/a.mat': 'spikes'.repeat(10_000) })
    const cutPower = diskThatLosesPower(ws, 'data/mat')
    ws.start('engine', 'run')
    await ws.until('it is taken', () => !ws.exists('inbox/B1') && ws.list('.labmake/claims').length === 0)
    await ws.until('nothing is left of the copy in the inbox', () => ws.list('inbox').length === 0)
    cutPower()
    expect(ws.read('data/mat/B1/a.mat')).toBe('spikes'.repeat(10_000))
  })
})
