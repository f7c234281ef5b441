import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { formatLine, parseLine } from '../../src/io/journalLines.ts'
import { markProcess } from '../../src/io/processes.ts'
import type { JournalRecord } from '../../src/model/record.ts'
import { enginePid, type Run, type Workspace, workspace } from '../workspace.ts'
import { longParam, oneBatch, oneRule } from './lab.ts'
import { canMount, fill, makeReadOnly, smallDisk } from './smallDisk.ts'

// Faults of the world, each really caused. What labmake must do: say in words what stands in the way, keep every target
// whole, lose nothing, and go on once it is mended.

const copying = oneRule('recipe: cp {source} {target}')
const oneCopy = { 'rules/r.yaml': copying, 'in/a.txt': 'new' }

/** No stack, no code of the system's: a person reads this. */
function expectWords(run: Run): void {
  expect(run.code).not.toBe(70)
  expect(run.stdout + run.stderr).not.toMatch(/defect|\bat .*\.(ts|js):\d+|undefined|E(NOSPC|ROFS|ACCES|MFILE)/)
}

describe.skipIf(!canMount)('a full disk', () => {
  test('where logs are kept: said, nothing fails, and the next labmake goes on', async () => {
    await using ws = await workspace(oneCopy)
    smallDisk(ws, '.labmake/logs', '64k')
    fill(ws, '.labmake/logs/filler')
    const run = await ws.labmake()
    expectWords(run)
    expect(run.code).toBe(1)
    expect(run.stdout).toMatch(/trouble +.*\.labmake\/logs.*: no space left on the disk\. Nothing is started/)
    expect(run.stdout).not.toContain('failed')
    expect(ws.list('out').filter((name) => !name.startsWith('.'))).toEqual([])
    ws.remove('.labmake/logs/filler')
    expect((await ws.labmake()).code).toBe(0)
    expect(ws.list('out')).toEqual(['a.txt'])
  })

  test('where targets belong: a staging folder that does not fit fails no job', async () => {
    await using ws = await workspace(oneCopy)
    smallDisk(ws, 'out', '64k,nr_inodes=2')
    ws.write('out/filler', '')
    const run = await ws.labmake()
    expectWords(run)
    expect([run.code, run.stdout]).toEqual([
      1,
      expect.stringContaining('no space left on the disk. Nothing is started'),
    ])
    ws.remove('out/filler')
    execFileSync('mount', ['-o', 'remount,nr_inodes=100', ws.path('out')])
    expect((await ws.labmake()).code).toBe(0)
  })

  test('where recordings are kept: a drop that does not fit waits whole in the inbox, and is taken once it fits', async () => {
    const rules = `quiet: 50ms\ninbox:\n  - accept: "{batch}/*.mat"\n    store: data/mat/{batch}/\n`
    await using ws = await workspace({ 'rules/r.yaml': rules })
    smallDisk(ws, 'data/mat', '256k')
    ws.write('data/mat/filler', 'x'.repeat(200_000))
    ws.write('inbox/B1/a.mat', 'spikes'.repeat(20_000))
    await still()
    const run = await ws.labmake()
    expectWords(run)
    expect(run.stdout).toContain('no space left on the disk')
    expect(ws.list('data/mat').filter((name) => !name.startsWith('.'))).toEqual(['filler'])
    ws.remove('data/mat/filler')
    await still()
    await ws.labmake()
    expect(ws.read('data/mat/B1/a.mat')).toBe('spikes'.repeat(20_000))
    expect([ws.list('inbox'), ws.list('data/mat')]).toEqual([[], ['B1']])
  })

  test('in the inbox: said, every drop whole where it lies, and all are taken or refused once there is room', async () => {
    const rules = `quiet: 50ms\ninbox:\n  - accept: "{batch}/*.mat"\n    store: data/mat/{batch}/\n`
    await using ws = await workspace({ 'rules/r.yaml': rules })
    smallDisk(ws, 'inbox', '256k,nr_inodes=8')
    ws.write('inbox/B1/a.mat', 'spikes')
    ws.write('inbox/notes.doc', 'no recording')
    fillInodes(ws, 'inbox/.filler')
    await still()
    const run = await ws.labmake()
    expectWords(run)
    expect(run.stdout).toContain('no space left on the disk')
    expect([ws.read('inbox/B1/a.mat'), ws.read('inbox/notes.doc'), ws.list('data/mat')]).toEqual([
      'spikes',
      'no recording',
      [],
    ])
    ws.remove('inbox/.filler')
    await still()
    await ws.labmake()
    expect([ws.read('data/mat/B1/a.mat'), ws.read('inbox/rejected/notes.doc')]).toEqual(['spikes', 'no recording'])
    expect(ws.read('inbox/rejected/notes.doc.why.txt')).not.toBe('')
  })

  test('with fifty jobs queued: the engine says it once, fails none, and goes on by itself', async () => {
    const names = Array.from({ length: 50 }, (_, i) => `b${i}`)
    await using ws = await workspace({
      'rules/r.yaml': copying,
      ...Object.fromEntries(names.map((name) => [`in/${name}.txt`, name])),
    })
    smallDisk(ws, '.labmake/logs', '512k')
    fill(ws, '.labmake/logs/filler')
    await ws.labmake('engine', 'start')
    await ws.until('it was said', () => ws.read('.labmake/engine.log').includes('Nothing is started until'))
    ws.remove('.labmake/logs/filler')
    // Whoever made room need not wait for the next look.
    await ws.labmake('retry', 'copy/b0')
    await ws.until('all are made', () => ws.list('out').filter((name) => !name.startsWith('.')).length === 50)
    const log = ws.read('.labmake/engine.log')
    expect(log.match(/Nothing is started until/g)).toHaveLength(1)
    expect(log).toContain('there is room on the disk again')
    expect(log).not.toMatch(/^\S+ +failed/m)
  })

  test('that has the journal alone: no line is torn, nothing fails, and each recipe runs once', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `b${i}`)
    await using ws = await workspace({
      'rules/r.yaml': oneRule('script: echo $x >>runs; cp "$1" "$target"'),
      ...Object.fromEntries(names.map((name) => [`in/${name}.txt`, name])),
      '.labmake/': '',
    })
    smallDisk(ws, 'journal', '12k')
    symlinkSync('../journal/journal.jsonl', ws.path('.labmake/journal.jsonl'))
    const run = await ws.labmake()
    expectWords(run)
    expect([run.code, run.stdout]).toEqual([
      1,
      expect.stringContaining('cannot write .labmake/journal.jsonl: no space left on the disk'),
    ])
    expect(ws.read('.labmake/journal.jsonl')).toMatch(/"\}\n$/)
    execFileSync('mount', ['-o', 'remount,size=1m', ws.path('journal')])
    expect((await ws.labmake()).code).toBe(0)
    expect(ws.list('out')).toEqual([...names.map((name) => `${name}.txt`)].sort())
    expect(ws.read('runs').trim().split('\n').sort()).toEqual([...names].sort())
    expect((await ws.labmake('doctor')).stdout).toContain('the journal is whole')
  })

  test('that fills while a recipe runs costs nothing of what it made: recorded later, and not run again', async () => {
    await using ws = await workspace({
      'rules/r.yaml': oneRule(
        longParam,
        'script: echo run >>runs; cp "$1" "$target"; cat /dev/zero >.labmake/filler 2>/dev/null || true',
      ),
      'in/a.txt': 'new',
    })
    smallDisk(ws, '.labmake', '128k')
    const run = await ws.labmake()
    expectWords(run)
    expect([run.code, ws.exists('out/a.txt')]).toEqual([1, false])
    ws.remove('.labmake/filler')
    expect((await ws.labmake()).code).toBe(0)
    expect([ws.read('out/a.txt'), ws.read('runs'), ws.list('out')]).toEqual(['new', 'run\n', ['a.txt']])
  })
})

/** Nothing can be made there any more, not even an empty file. */
function fillInodes(ws: Workspace, folder: string): void {
  ws.write(`${folder}/`, '')
  try {
    for (let i = 0; ; i++) ws.write(`${folder}/${i}`, '')
  } catch {
    // It ends with the disk full: that is what it is for.
  }
}

/** Longer than the quiet window that the tests of the inbox set. */
async function still(): Promise<void> {
  const { setTimeout: wait } = await import('node:timers/promises')
  await wait(120)
}

test.skipIf(!canMount)('a target folder on a disk that is read-only: said, the old target whole', async () => {
  await using ws = await workspace(oneCopy)
  smallDisk(ws, 'out', '64k')
  ws.write('out/a.txt', 'old')
  ws.age('out/a.txt', { seconds: 7200 })
  makeReadOnly(ws, 'out')
  const run = await ws.labmake()
  expectWords(run)
  expect([run.code, run.stdout]).toEqual([
    1,
    expect.stringMatching(/failed +- +copy\/a .*the file system is read-only/),
  ])
  expect([ws.read('out/a.txt'), ws.list('out')]).toEqual(['old', ['a.txt']])
})

test('a source that vanishes while its recipe runs: what was made stands, and it is said that the source is gone', async () => {
  await using ws = await workspace({
    'rules/r.yaml': oneRule('script: |', '  cp "$1" "$target"; . held; begin copy/a; end'),
    'in/a.txt': 'one',
  })
  ws.hold('copy/a')
  const build = ws.start()
  await ws.untilStarted('copy/a')
  ws.remove('in/a.txt')
  ws.release('copy/a')
  const run = await build.ended
  expectWords(run)
  expect(run.stdout).toMatch(/in\/a\.txt changed while the recipe ran/)
  expect(ws.newRuns()).toEqual(['copy/a'])
})

/** As labmake of a person who is not root, to whom the workspace belongs. */
function asSomebody(ws: Workspace, ...args: string[]): Run {
  const run = spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', labmakePath, ...args], {
    cwd: ws.root,
    env: { PATH: process.env.PATH, HOME: ws.root, LANG: 'C.UTF-8' },
    encoding: 'utf8',
  })
  return { code: run.status, stdout: run.stdout, stderr: run.stderr, json: () => JSON.parse(run.stdout) }
}

const labmakePath = fileURLToPath(new URL('../../dist/bin/labmake', import.meta.url))

/** Everything belongs to that person, but what the test takes away again. */
function giveAway(ws: Workspace): void {
  execFileSync('chown', ['-R', '65534:65534', ws.root])
}

describe.skipIf(!canMount)('without permission', () => {
  test('to look into the workspace: said in words, whatever is asked', async () => {
    await using ws = await workspace({
      'lab/rules/r.yaml': oneRule('recipe: cp {source} {target}'),
      'lab/in/a.txt': 'a',
    })
    chmodSync(ws.root, 0o755)
    chmodSync(ws.path('lab'), 0o700)
    for (const command of [[], ['-n'], ['why', 'a'], ['status'], ['watch', '--plain']]) {
      const run = asSomebody(ws, '-C', 'lab', ...command)
      expectWords(run)
      expect([command, run.code, run.stderr]).toEqual([
        command,
        2,
        expect.stringMatching(/cannot look into .*\/lab: permission denied\n +Whoever the folder belongs to/),
      ])
    }
  })

  test('to write in .labmake: said in words, and looking works all the same', async () => {
    await using ws = await workspace({ ...oneCopy, '.labmake/': '' })
    giveAway(ws)
    chownSync(ws.path('.labmake'), 0, 0)
    const build = asSomebody(ws)
    expectWords(build)
    expect([build.code, build.stderr]).toEqual([1, expect.stringMatching(/\.labmake.*permission denied/)])
    expect(ws.exists('out/a.txt')).toBe(false)
    expect(asSomebody(ws, '-n').code).toBe(0)
    expect(asSomebody(ws, 'status').code).toBe(0)
    const doctor = asSomebody(ws, 'doctor')
    expect([doctor.code, doctor.stdout]).toEqual([
      1,
      expect.stringContaining('.labmake/ cannot be written: permission denied'),
    ])
  })

  test('to talk to the engine of somebody else: refused in words, and nothing is done', async () => {
    await using ws = await workspace({
      ...oneCopy,
      'rules/r.yaml': oneRule('script: until [ -e go ]; do sleep 0.02; done'),
    })
    chmodSync(ws.root, 0o755)
    await ws.labmake('engine', 'start')
    await ws.until('it runs', () => ws.list('.labmake/running').length === 1)
    for (const command of [
      ['cancel', 'copy/a'],
      ['engine', 'stop'],
      ['pool', 'cpu', '--pause'],
    ]) {
      const run = asSomebody(ws, ...command)
      expectWords(run)
      expect([command, run.code, run.stderr]).toEqual([
        command,
        2,
        expect.stringMatching(/only root may talk to the engine/),
      ])
    }
    const socket = ws.path('.labmake/engine.sock')
    const knock = `require('net').connect(process.argv[1]).on('error', (e) => console.log(e.code)).on('connect', () => console.log('in'))`
    const knocked = spawnSync('setpriv', [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      process.execPath,
      '-e',
      knock,
      socket,
    ])
    expect(knocked.stdout.toString().trim()).toBe('EACCES')
    expect([ws.list('.labmake/running').length, enginePid(ws.root) !== undefined]).toEqual([1, true])
    ws.write('go', '')
  })

  test.each([
    ['a build', []],
    ['an engine', ['engine', 'start']],
  ])(
    'of others: in a group-writable workspace whose owner shuts all out by umask, %s lets the group in, and nobody else',
    async (_, words) => {
      await using ws = await workspace(oneCopy)
      const lab = 1234
      chownSync(ws.root, 0, lab)
      chmodSync(ws.root, 0o2770)
      for (const folder of ['in', 'rules']) execFileSync('chmod', ['-R', 'a+rX', ws.path(folder)])
      const started = spawnSync('bash', ['-c', 'umask 077; exec "$0" "$@"', labmakePath, ...words], {
        cwd: ws.root,
        env: { PATH: process.env.PATH, HOME: ws.root, LANG: 'C.UTF-8' },
      })
      expect(started.status).toBe(0)
      await ws.until('it is made', () => ws.exists('out/a.txt') && ws.list('.labmake/running').length === 0)
      const open = execFileSync('find', [ws.path('.labmake'), '!', '-type', 's', '-perm', '/007'], { encoding: 'utf8' })
      expect(open.replaceAll(ws.path('.labmake/engine.socket'), '').trim()).toBe('')
      ws.write('in/b.txt', 'two')
      const mate = (...args: string[]) =>
        spawnSync('setpriv', ['--reuid=65534', `--regid=${lab}`, '--clear-groups', labmakePath, ...args], {
          cwd: ws.root,
          env: { PATH: process.env.PATH, HOME: ws.root, LANG: 'C.UTF-8' },
          encoding: 'utf8',
        })
      expect(mate().status).toBe(0)
      expect(ws.read('out/b.txt')).toBe('two')
      expect([mate('log', 'copy/a').status, mate('history').status]).toEqual([0, 0])
    },
  )

  test('to write where targets belong: that job fails in words, the others are made', async () => {
    await using ws = await workspace({
      'rules/r.yaml':
        'rules:\n  a: { sources: "in/{x}.txt", targets: "out/{x}.txt", recipe: "cp {source} {target}" }\n  b: { sources: "in/{x}.txt", targets: "own/{x}.txt", recipe: "cp {source} {target}" }\n',
      'in/a.txt': 'new',
      'out/': '',
      'own/': '',
    })
    giveAway(ws)
    chownSync(ws.path('out'), 0, 0)
    const run = asSomebody(ws)
    expectWords(run)
    expect([run.code, run.stdout]).toEqual([1, expect.stringMatching(/failed +- +a\/a .*out.*permission denied/)])
    expect([ws.list('out'), ws.read('own/a.txt')]).toEqual([[], 'new'])
  })

  test('to read a file of a drop: refused with the file named, and nothing of it is lost', async () => {
    const rules = `quiet: 50ms\ninbox:\n  - accept: "{batch}/*.mat"\n    store: data/mat/{batch}/\n`
    await using ws = await workspace({ 'rules/r.yaml': rules, 'inbox/B1/a.mat': 'spikes', 'inbox/B1/b.mat': 'more' })
    giveAway(ws)
    chownSync(ws.path('inbox/B1/b.mat'), 0, 0)
    chmodSync(ws.path('inbox/B1/b.mat'), 0o600)
    await still()
    const run = asSomebody(ws)
    expectWords(run)
    expect(ws.read('inbox/rejected/B1.why.txt')).toMatch(/b\.mat.*permission denied/)
    expect([ws.read('inbox/rejected/B1/a.mat'), ws.read('inbox/rejected/B1/b.mat')]).toEqual(['spikes', 'more'])
    expect(ws.list('data/mat')).toEqual([])
  })

  test('to read a source: said, and no job of others is kept from being made', async () => {
    await using ws = await workspace({ ...oneCopy, 'in/b.txt': 'other' })
    giveAway(ws)
    chownSync(ws.path('in/a.txt'), 0, 0)
    chmodSync(ws.path('in/a.txt'), 0o600)
    const run = asSomebody(ws)
    expectWords(run)
    expect([run.code, ws.read('out/b.txt'), ws.list('out')]).toEqual([1, 'other', ['b.txt']])
  })
})

/** A labmake whose clock is wrong by this much. */
function withClock(ws: Workspace, hours: number) {
  ws.write('clock.cjs', `const now = Date.now; Date.now = () => now() + ${hours * 3_600_000}\n`)
  return ws.from({ env: { NODE_OPTIONS: `--require ${ws.path('clock.cjs')}` } })
}

describe('a clock that jumps', () => {
  test.each([
    ['a day forward, and back', 24],
    ['a day back, and forward', -24],
  ])('%s: nothing runs again for it, and what changes is still made', async (_, hours) => {
    await using ws = await workspace(oneCopy)
    expect((await withClock(ws, hours).labmake()).code).toBe(0)
    const again = await ws.labmake('-n', '--json')
    expect(again.json()).toMatchObject({ jobs: [], upToDate: 1 })
    ws.write('in/a.txt', 'newer still')
    expect((await ws.labmake()).code).toBe(0)
    expect(ws.read('out/a.txt')).toBe('newer still')
    expect((await ws.labmake('-n', '--json')).json().jobs).toEqual([])
    for (const command of [['status'], ['history'], ['why', 'out/a.txt'], ['doctor']])
      expectWords(await ws.labmake(...command))
  })

  test.each([
    ['back', -365 * 24],
    ['ahead', 365 * 24],
  ])(
    'set %s by a year while a job runs and is retried: it is made in its time, and how long it took is true',
    async (_, hours) => {
      await using ws = await workspace({
        'rules/r.yaml': oneRule(
          'retries: 1',
          'backoff: 200ms',
          'timeout: 1h',
          'script: if [ ! -e set ]; then touch set; sleep 0.1; exit 3; fi; cp "$1" "$target"',
        ),
        'in/a.txt': 'new',
        'clock.cjs': `const { existsSync } = require('node:fs'), now = Date.now
        Date.now = () => now() + (existsSync('set') ? ${hours * 3_600_000} : 0)\n`,
      })
      const run = await ws.from({ env: { NODE_OPTIONS: `--require ${ws.path('clock.cjs')}` } }).labmake()
      expect([run.code, ws.read('out/a.txt')]).toEqual([0, 'new'])
      const records = ws
        .read('.labmake/journal.jsonl')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      const ended = records.filter((r) => 'seconds' in r)
      expect(ended.map((r) => r.type)).toEqual(['failed', 'made'])
      for (const { seconds } of ended) expect(seconds).toBeLessThan(30)
      expect(ended[0].seconds).toBeGreaterThan(0.09)
      expect((await ws.labmake('-n', '--json')).json()).toMatchObject({ jobs: [], upToDate: 1 })
    },
  )

  test('the lock of a labmake whose clock was ahead is taken over like any other', async () => {
    await using ws = await workspace(oneBatch)
    ws.hold('denoise/B1')
    const wrong = withClock(ws, 24).start()
    await ws.untilStarted('denoise/B1')
    wrong.signal('SIGKILL')
    await wrong.ended
    ws.release('denoise/B1')
    expect((await ws.labmake()).code).toBe(0)
  })
})

describe('a lock that was left', () => {
  const holder = { host: hostname(), user: 'ana', since: '2026-01-05T08:00:00.000Z', command: 'labmake watch' }
  const mark = markProcess(process.pid)!

  function leaveLock(ws: Workspace, said: object, ageSeconds: number): void {
    ws.write('.labmake/engine.lock/', '')
    ws.write('.labmake/engine.json', JSON.stringify({ ...holder, ...said }))
    const seconds = Date.now() / 1000 - ageSeconds
    utimesSync(ws.path('.labmake/engine.lock'), seconds, seconds)
  }

  test.each([
    ['by a process that is dead', { process: { ...mark, pid: 2 ** 22 + 1 } }, 0],
    ['by a process whose number another one has now', { process: { ...mark, startTime: '1' } }, 0],
    ['before the machine was started anew', { process: { ...mark, bootId: 'another' } }, 0],
    ['by another host, that does not refresh it any more', { process: mark, host: 'dead-host' }, 60],
  ])('%s is taken over', async (_, said, ageSeconds) => {
    await using ws = await workspace(oneCopy)
    leaveLock(ws, said, ageSeconds)
    expect(await ws.labmake()).toMatchObject({ code: 0, stderr: '' })
    expect(ws.exists('.labmake/engine.lock')).toBe(false)
  })

  test('by another host that refreshes it is respected, and it is said whose it is', async () => {
    await using ws = await workspace(oneCopy)
    leaveLock(ws, { process: mark, host: 'other-host' }, 0)
    const { code, stderr } = await ws.labmake()
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('on other-host, since 2026-01-05T08:00:00.000Z) is at work'),
    ])
  })

  test('with words that are torn is not taken for nobody, and labmake says what to do', async () => {
    await using ws = await workspace(oneCopy)
    leaveLock(ws, {}, 60)
    ws.write('.labmake/engine.json', '{"process": {"pid"')
    const run = await ws.labmake()
    expectWords(run)
    expect(run.code).toBe(0)
  })
})

/** Journals that no labmake of this version would write. */
describe('a journal', () => {
  async function made() {
    const ws = await workspace({ 'rules/r.yaml': copying, 'in/a.txt': 'a', 'in/b.txt': 'b' })
    await ws.labmake()
    return ws
  }

  test('with garbage and NULs in its middle is reported, its good lines are used, and it can be written to', async () => {
    await using ws = await made()
    const lines = ws.read('.labmake/journal.jsonl').split('\n')
    const garbage = Buffer.concat([
      Buffer.alloc(5000),
      Buffer.from([0xff, 0xfe, 0x0a, 0x1b]),
      Buffer.from('\n{"type":"made"}\n'),
    ])
    writeFileSync(
      ws.path('.labmake/journal.jsonl'),
      Buffer.concat([Buffer.from(`${lines[0]}\n`), garbage, Buffer.from(lines.slice(1).join('\n'))]),
    )
    const look = await ws.labmake('-n')
    expectWords(look)
    expect([look.code, look.stdout]).toEqual([
      2,
      expect.stringMatching(/journal\.jsonl:2: 3 lines are damaged[\s\S]*2 up to date/),
    ])
    ws.write('in/a.txt', 'newer')
    await ws.labmake()
    expect(ws.read('out/a.txt')).toBe('newer')
    expect((await ws.labmake('-n', '--json')).json().jobs).toEqual([])
  })

  test('of a newer labmake, with records and fields that this one does not know, is used as far as it goes', async () => {
    await using ws = await made()
    const lines = ws.read('.labmake/journal.jsonl').trimEnd().split('\n')
    const unknownField = { mood: { deep: [1] } }
    const known = lines.map((line) => formatLine({ ...parseLine(line)!, ...unknownField }))
    const unknown = [
      { type: 'signed', at: '2031-01-01T00:00:00.000Z', job: 'copy/a', target: 'out/a.txt', by: 'ana' },
      { type: 'moon', at: '2031-01-01T00:00:00.000Z' },
      { type: 7 },
      {
        type: 'failed',
        at: '2031-01-01T00:00:00.000Z',
        job: 'copy/z',
        target: 'out/z.txt',
        attempt: 3,
        seconds: 1,
        cause: { kind: 'moonstruck', phase: 1 },
        log: 'x',
      },
      {
        type: 'action',
        at: '2031-01-01T00:00:00.000Z',
        by: 'ana',
        action: { type: 'bless', jobs: [] },
        targets: ['out/a.txt'],
        text: 'Blessed.',
      },
      { type: 'drop', at: '2031-01-01T00:00:00.000Z', drop: 'B1', outcome: { kind: 'eaten', why: 'x' } },
      {},
    ].map((record) => formatLine(record as unknown as JournalRecord))
    ws.write('.labmake/journal.jsonl', [...known, ...unknown].join(''))
    for (const command of [['-n'], ['status'], ['history'], ['why', 'out/a.txt'], ['doctor'], []]) {
      const run = await ws.labmake(...command)
      expectWords(run)
      expect([command, run.code]).toEqual([command, 0])
    }
    expect((await ws.labmake('-n', '--json')).json()).toMatchObject({ jobs: [], upToDate: 2 })
  })
})

test.each(['', '\0\0\0\0', '{}', '[]', '{"slug":', 'null'])(
  'files of state that hold %j, as a machine without power leaves them, keep nobody from working',
  async (content) => {
    await using ws = await workspace({
      ...oneCopy,
      'rules/r.yaml': `quiet: 50ms\ninbox:\n  - { accept: "{batch}/*.mat", store: "data/mat/{batch}/" }\n${copying}`,
      '.labmake/running/x-1-y/state.json': content,
      '.labmake/claims/abc.json': content,
      'inbox/.labmake-abc/B1/a.mat': 'spikes',
      '.labmake/engine.json': content,
      '.labmake/engine.socket': content,
    })
    for (const command of [['status'], ['doctor'], ['-n'], []]) {
      const run = await ws.labmake(...command)
      expectWords(run)
      expect([command, run.code]).toEqual([command, 0])
    }
    expect(ws.read('out/a.txt')).toBe('new')
    await still()
    await ws.labmake()
    expect(ws.read('data/mat/B1/a.mat')).toBe('spikes')
  },
)

test('a labmake that may open few files says so in words, and starts nothing that it could not follow', async () => {
  await using ws = await workspace(oneCopy)
  const limited = (files: number) => {
    const run = spawnSync('bash', ['-c', `ulimit -n ${files}; exec "$0"`, labmakePath], {
      cwd: ws.root,
      env: { PATH: process.env.PATH, HOME: ws.root, LANG: 'C.UTF-8' },
      encoding: 'utf8',
    })
    return { code: run.status, stdout: run.stdout, stderr: run.stderr, json: () => undefined }
  }
  const run = limited(32)
  expectWords(run)
  if (run.code !== 0) expect(run.stdout + run.stderr).toContain('too many open files')
  expect((await ws.labmake()).code).toBe(0)
  expect(ws.read('out/a.txt')).toBe('new')
})

test('a workspace that was moved while nothing ran works where it is now, its engine too', async () => {
  await using ws = await workspace({
    'at first/rules/r.yaml': copying,
    'at first/in/a.txt': 'one',
    'at first/in/b.txt': 'two',
  })
  const first = ws.from({ cwd: 'at first' })
  expect((await first.labmake('out/a.txt')).code).toBe(0)
  await first.labmake('engine', 'start')
  await ws.until('b is made', () => ws.exists('at first/out/b.txt'))
  process.kill(enginePid(ws.path('at first'))!, 'SIGKILL')
  renameSync(ws.path('at first'), ws.path('moved'))
  const moved = ws.from({ cwd: 'moved' })
  expect((await moved.labmake('-n', '--json')).json()).toMatchObject({ jobs: [], upToDate: 2, errors: [] })
  expect((await moved.labmake('engine', 'start')).code).toBe(0)
  ws.atEnd(() => process.kill(enginePid(ws.path('moved'))!, 'SIGKILL'))
  expect((await moved.labmake('status', '--json')).json()).toMatchObject({
    engine: { running: true },
    source: 'engine',
  })
  ws.write('moved/in/c.txt', 'three')
  await ws.until('c is made', () => ws.exists('moved/out/c.txt'))
})
