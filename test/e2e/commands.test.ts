import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { workspace } from '../workspace.ts'
import { batches, labRules, oneBatch, oneRule } from './lab.ts'

const binFolder = fileURLToPath(new URL('../../dist/bin', import.meta.url))

describe('goals', () => {
  test.each([
    ['a batch', 'B2', ['denoise/B2', 'phy/B2']],
    ['a rule', 'denoise', ['denoise/B1', 'denoise/B2']],
    ['a job', 'denoise/B2', ['denoise/B2']],
    ['a target file', 'data/kwd/B2.kwd', ['denoise/B2']],
    ['a target folder', 'data/phy/B2/', ['denoise/B2', 'phy/B2']],
  ])('%s is made with what it needs, and nothing else', async (_, goal, runs) => {
    await using ws = await workspace(batches('B1', 'B2'))
    expect((await ws.labmake(goal)).code).toBe(0)
    expect(ws.newRuns()).toEqual(runs)
  })

  test('a name that nothing has is exit code 2, with the nearest name, and nothing runs', async () => {
    await using ws = await workspace(batches('Bird-2026'))
    const { code, stderr, stdout } = await ws.labmake('Brid-2026')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('nothing is called "Brid-2026"')
    expect(stderr).toContain('Did you mean Bird-2026?')
    expect(ws.newRuns()).toEqual([])
  })

  test('a batch that is called like a command is made with build', async () => {
    await using ws = await workspace(batches('status', 'B1'))
    expect((await ws.labmake('build', 'status')).code).toBe(0)
    expect(ws.newRuns()).toEqual(['denoise/status', 'phy/status'])
  })

  test('a goal that waits for its recording is exit code 1, and says for what', async () => {
    await using ws = await workspace({ ...batches('B1'), 'data/manifests/m.tsv': 'batch\tomit\nB7\tPort_1\n' })
    expect((await ws.labmake('B1')).code).toBe(0)
    expect((await ws.labmake('B7')).code).toBe(1)
    expect((await ws.labmake('-n', 'B7')).stdout).toContain('data/mat/B7/ is not there yet')
    expect((await ws.labmake()).code).toBe(0)
  })
})

describe('where one stands', () => {
  test('the workspace is found upward from a folder below it', async () => {
    await using ws = await workspace(oneBatch)
    expect((await ws.from({ cwd: 'data/mat/B1' }).labmake('B1')).code).toBe(0)
    expect(ws.exists('data/phy/B1/params.py')).toBe(true)
  })

  test('it makes no difference to what is found there, and to what is known from the last look', async () => {
    await using ws = await workspace(batches('B1', 'B2'))
    symlinkSync('B1', join(ws.root, 'data/mat/B3'))
    const below = ws.from({ cwd: 'data/mat/B1' })
    expect((await below.labmake('-n')).stdout).toBe((await ws.labmake('-n')).stdout)
    await ws.labmake()
    expect((await below.labmake()).stdout).toContain('Nothing to do: 6 up to date')
    ws.write('data/mat/B2/more.mat', '')
    expect((await below.labmake('-n')).stdout).toBe((await ws.labmake('-n')).stdout)
    expect((await below.labmake()).stdout).toContain('Made 2 of 2 jobs')
    expect((await ws.labmake()).stdout).toContain('Nothing to do: 6 up to date')
  })

  test('a target is named by its path from where one stands', async () => {
    await using ws = await workspace(batches('B1', 'B2'))
    await ws.labmake()
    const { json } = await ws.from({ cwd: 'data/kwd' }).labmake('why', './B2.kwd', '--json')
    expect(json().map((why: { id: string }) => why.id)).toEqual(['denoise/B2'])
  })

  test('-C works in the workspace of another folder', async () => {
    await using ws = await workspace(oneBatch)
    await using elsewhere = await workspace()
    expect((await elsewhere.labmake('-C', ws.path('data'), 'B1')).code).toBe(0)
    expect(ws.exists('data/phy/B1/params.py')).toBe(true)
    expect(elsewhere.list('.')).toEqual([])
  })

  test('outside a workspace every command says how to make one', async () => {
    await using nowhere = await workspace()
    for (const args of [[], ['-n'], ['status'], ['why', 'B1'], ['doctor'], ['history'], ['graph']]) {
      const { code, stderr } = await nowhere.labmake(...args)
      expect([args, code]).toEqual([args, 2])
      expect(stderr).toContain('no workspace here')
      expect(stderr).toContain('labmake init')
    }
  })
})

describe('the command line', () => {
  test.each([
    [['--frobnicate'], "unknown option '--frobnicate'"],
    [['-j', '0'], 'whole number'],
    [['why'], "missing required argument 'target'"],
    [['completion', 'csh'], 'bash, zsh and fish are known'],
    [['--color', 'sometimes'], 'always'],
  ])('%j is exit code 2 and says what is wrong', async (args, text) => {
    await using ws = await workspace(oneBatch)
    const { code, stderr } = await ws.labmake(...args)
    expect([code, stderr]).toEqual([2, expect.stringContaining(text)])
  })

  test('a command that is mistyped is told from a batch', async () => {
    await using ws = await workspace(oneBatch)
    const { code, stderr } = await ws.labmake('statsu')
    expect([code, stderr]).toEqual([2, expect.stringContaining('labmake status')])
  })

  test('--version and --help say so on standard output', async () => {
    await using ws = await workspace()
    expect(await ws.labmake('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    const { code, stdout } = await ws.labmake('--help')
    expect(code).toBe(0)
    for (const command of ['status', 'why', 'log', 'history', 'accept', 'rebuild', 'graph', 'init', 'doctor']) {
      expect(stdout).toContain(`  ${command} `)
    }
  })
})

describe('what is printed', () => {
  const hasColor = (text: string) => text.includes('\x1b[')

  test('into a pipe there are no colours', async () => {
    await using ws = await workspace(oneBatch)
    expect(hasColor((await ws.labmake('status')).stdout)).toBe(false)
  })

  test.each([
    [['--color', 'always'], {}, true],
    [[], { FORCE_COLOR: '1' }, true],
    [[], { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [['--color', 'never'], { FORCE_COLOR: '1' }, false],
  ])('colours with %j and %j: %j', async (args, env, colored) => {
    await using ws = await workspace(oneBatch)
    expect(hasColor((await ws.from({ env }).labmake('status', ...args)).stdout)).toBe(colored)
  })

  test('without a UTF-8 locale the signs are ASCII', async () => {
    await using ws = await workspace(oneBatch)
    expect((await ws.from({ env: { LANG: 'C' } }).labmake('status')).stdout).toMatch(/^[\x00-\x7f]*$/)
  })

  test('a build into a pipe is a line for each event: time, word, batch, rule', async () => {
    await using ws = await workspace(oneBatch)
    const lines = (await ws.labmake()).stdout.split('\n')
    const words = lines.flatMap(
      (line) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 (\w+) +(\S+) +(\S+)/.exec(line)?.slice(1, 4).join(' ') ?? [],
    )
    const planned = 'planned queued=1 waiting=1'
    expect(words).toEqual([planned, 'start B1 denoise', 'done B1 denoise', 'start B1 phy', 'done B1 phy'])
  })

  test('a build with --json is one object on each line, the end last', async () => {
    await using ws = await workspace(oneBatch)
    const events = (await ws.labmake('--json')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    // How the others stand in line is told as often as it changes.
    const told = events.map((event) => event.type).filter((type) => type !== 'changed')
    expect(told).toEqual(['planned', 'started', 'done', 'started', 'done', 'ended'])
    expect(events.at(-1)).toMatchObject({ jobs: [], upToDate: 2 })
  })

  test('a build goes on to its end when nobody reads what it says any more', async () => {
    await using ws = await workspace(batches('B1', 'B2'))
    ws.hold('denoise/B1')
    const build = ws.start()
    await ws.untilStarted('denoise/B1')
    build.stopReading()
    ws.release('denoise/B1')
    expect(await build.ended).toMatchObject({ code: 0, stderr: '' })
    expect(ws.newRuns()).toHaveLength(4)
    expect(ws.exists('data/phy/B2/params.py')).toBe(true)
    expect(ws.list('.labmake/running')).toEqual([])
  })

  test.each([['history -l 100000'], ['log B1'], ['log -f B1'], ['--dry-run'], ['--dry-run --json']])(
    'labmake %s | head -1 is no error',
    async (args) => {
      const names = Array.from({ length: 400 }, (_, i) => `B${i + 1}`)
      await using ws = await workspace(batches(...names))
      ws.write('.labmake/logs/denoise/B1/1.log', 'a line of output\n'.repeat(50_000))
      const script = `set -o pipefail; "$1/labmake" ${args} | head -1 >first`
      const options = { cwd: ws.root, encoding: 'utf8', stdio: 'pipe' } as const
      execFileSync('bash', ['--norc', '-c', script, 'bash', binFolder], options)
      expect(ws.read('first')).not.toBe('')
    },
  )
})

describe('status', () => {
  test('says of every batch and job its state', async () => {
    await using ws = await workspace(batches('B1', 'B2'))
    await ws.labmake('B1')
    const { stdout, code } = await ws.labmake('status')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^B1\n.*✓ denoise +done.*\n.*✓ phy +done/m)
    expect(stdout).toMatch(/^B2\n.*↻ denoise +stale +data\/kwd\/B2\.kwd is not there yet/m)
    expect(stdout).toContain('No labmake is at work here: this is what the files and the journal say.')
  })

  test('names each job of a rule without {batch}', async () => {
    await using ws = await workspace({
      'rules/r.yaml': oneRule('recipe: cp {source} {target}'),
      'in/a.txt': '',
      'in/b.txt': '',
    })
    const { stdout } = await ws.labmake('status')
    expect(stdout).toContain('copy/a')
    expect(stdout).toContain('copy/b')
  })

  test('--json shows a running labmake, its job, and the slots that it takes', async () => {
    await using ws = await workspace({ ...oneBatch, 'data/manifests/m.tsv': 'batch\tomit\nB1\tPort_20\n' })
    ws.hold('denoise/B1')
    const build = ws.start()
    await ws.untilStarted('denoise/B1')
    const status = (await ws.labmake('status', '--json')).json()
    expect(status.engine).toEqual({ running: true, pid: build.pid })
    expect(status.pools).toContainEqual(expect.objectContaining({ name: 'ram', slots: 1, used: 1 }))
    expect(status.batches).toMatchObject([
      {
        batch: 'B1',
        params: { omit: 'Port_20' },
        jobs: [
          { id: 'denoise/B1', rule: 'denoise', state: 'running', attempt: 1 },
          { id: 'phy/B1', state: expect.stringMatching(/stale|waiting/) },
        ],
      },
    ])
  })

  test('of one batch shows that batch alone', async () => {
    await using ws = await workspace(batches('B1', 'B2'))
    const { stdout } = await ws.labmake('status', 'B2')
    expect(stdout).toContain('B2')
    expect(stdout).not.toContain('B1')
  })

  test('of a batch that there is not is exit code 2 with the nearest name', async () => {
    await using ws = await workspace(batches('Bird1'))
    const { code, stderr } = await ws.labmake('status', 'Bird11')
    expect([code, stderr]).toEqual([2, expect.stringContaining('Did you mean Bird1?')])
  })
})

describe('why', () => {
  test('says the verdict, the reason, and the stamps that differ', async () => {
    await using ws = await workspace(oneBatch)
    await ws.labmake()
    ws.write('data/mat/B1/a.mat', 'many more spikes')
    const { stdout, code } = await ws.labmake('why', 'data/kwd/B1.kwd')
    expect(code).toBe(0)
    expect(stdout).toMatch(/denoise\/B1 is stale\n +because data\/mat\/B1\/a\.mat changed/)
    expect(stdout).toMatch(/! data\/mat\/B1\/a\.mat .*6 bytes.*16 bytes/)
    expect(stdout).toContain('made ')
  })

  test('--json gives recorded and present stamps', async () => {
    await using ws = await workspace(oneBatch)
    await ws.labmake()
    const [why] = (await ws.labmake('why', 'denoise/B1', '--json')).json()
    expect(why).toMatchObject({ id: 'denoise/B1', state: 'up-to-date' })
    expect(why.sources[0].path).toBe('data/mat/B1/a.mat')
    expect(why.sources[0].recorded).toBe(why.sources[0].now)
  })
})

describe('log', () => {
  test("is the output of the batch's last job, or of the job of a rule", async () => {
    const rules = labRules.replace('recipe: phy', 'recipe: sh sort.sh')
    await using ws = await workspace({
      ...oneBatch,
      'rules/ephys.yaml': rules,
      'sort.sh': 'echo sorting; exec phy "$@"',
    })
    expect((await ws.labmake()).code).toBe(0)
    expect((await ws.labmake('log', 'B1')).stdout).toMatch(/sorting\n$/)
    expect((await ws.labmake('log', 'B1', 'denoise')).stdout).toMatch(/denoise B1 data\/mat\/B1/)
  })

  test('of what has not run is exit code 2 and says so', async () => {
    await using ws = await workspace(oneBatch)
    const { code, stderr } = await ws.labmake('log', 'B1')
    expect([code, stderr]).toEqual([2, expect.stringContaining('there is no log yet')])
  })

  test('-f goes on as the log grows, until the job ends', async () => {
    await using ws = await workspace({
      'rules/r.yaml': oneRule('script: . held; echo one; begin copy/a; echo two; cp "$1" "$target"; end'),
      'in/a.txt': 'one',
    })
    ws.hold('copy/a')
    const build = ws.start()
    await ws.untilStarted('copy/a')
    const log = ws.start('log', 'copy/a', '-f')
    await ws.until('the first line is shown', () => log.stdout().includes('one'))
    expect(log.hasEnded()).toBe(false)
    ws.release('copy/a')
    const { code, stdout } = await log.ended
    expect([code, stdout]).toEqual([0, expect.stringMatching(/one\ntwo\n$/)])
    expect((await build.ended).code).toBe(0)
  })
})

describe('history', () => {
  test('lists what was made and what failed, newest last', async () => {
    await using ws = await workspace(oneBatch)
    ws.write('fail/phy/B1', '')
    await ws.labmake()
    ws.remove('fail')
    await ws.labmake()
    const { stdout } = await ws.labmake('history')
    expect(stdout).toMatch(/✓ denoise\/B1 .*\n.*✗ phy\/B1 .*exit code 3.*\n.*✓ phy\/B1 /)
    const records = (await ws.labmake('history', 'phy', '--json')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(records.map((r) => [r.type, r.job])).toEqual([
      ['failed', 'phy/B1'],
      ['made', 'phy/B1'],
    ])
  })

  test('--limit shows the newest only', async () => {
    await using ws = await workspace(batches('B1', 'B2'))
    await ws.labmake()
    expect((await ws.labmake('history', '-l', '1')).stdout.trim().split('\n')).toHaveLength(1)
  })
})

describe('accept and rebuild', () => {
  test('with -n both say what they would do, and write nothing down', async () => {
    await using ws = await workspace(oneBatch)
    await ws.labmake()
    const before = ws.read('.labmake/journal.jsonl')
    const accept = await ws.labmake('accept', 'B1', '-n')
    const rebuild = await ws.labmake('rebuild', 'B1', '-n')
    expect([accept.code, accept.stdout]).toEqual([0, expect.stringContaining('denoise/B1 would be accepted')])
    expect([rebuild.code, rebuild.stdout]).toEqual([0, expect.stringContaining('denoise/B1 would be made again')])
    expect(ws.read('.labmake/journal.jsonl')).toBe(before)
  })

  test('accept of what is not there is refused, with exit code 1', async () => {
    await using ws = await workspace(oneBatch)
    const { code, stdout } = await ws.labmake('accept', 'B1')
    expect([code, stdout]).toEqual([1, expect.stringContaining('data/kwd/B1.kwd is not there')])
  })

  test('rebuild makes what is up to date once more, and says who asked', async () => {
    await using ws = await workspace(batches('B1', 'B2'))
    await ws.labmake()
    ws.newRuns()
    expect((await ws.labmake('rebuild', 'denoise/B1')).code).toBe(0)
    expect(ws.newRuns()).toEqual(['denoise/B1'])
    expect((await ws.labmake('history')).stdout).toMatch(/asked for it to be made again/)
  })

  test('rebuild of nothing that there is says so and runs nothing', async () => {
    await using ws = await workspace(oneBatch)
    expect((await ws.labmake('rebuild', 'B9')).code).toBe(2)
    expect((await ws.labmake('rebuild')).code).toBe(2)
    expect(ws.newRuns()).toEqual([])
  })
})

describe('graph', () => {
  test('draws the rules as Mermaid', async () => {
    await using ws = await workspace(oneBatch)
    const { stdout } = await ws.labmake('graph')
    expect(stdout).toMatch(/^flowchart LR\n/)
    expect(stdout).toContain('denoise<br/>data/kwd/{batch}.kwd')
    expect(stdout.match(/-->/g)).toHaveLength(2)
  })

  test('draws the jobs of a batch as DOT', async () => {
    await using ws = await workspace(batches('B1', 'B2'))
    const { stdout } = await ws.labmake('graph', '--dot', 'B1')
    expect(stdout).toMatch(/^digraph labmake \{\n/)
    expect(stdout).toContain('"denoise/B1" -> "phy/B1";')
    expect(stdout).not.toContain('B2')
  })
})

describe('init and doctor', () => {
  test('init makes a workspace in which doctor finds nothing wrong', async () => {
    await using ws = await workspace()
    expect((await ws.labmake('init', 'lab')).code).toBe(0)
    expect(ws.list('lab')).toEqual(['data', 'inbox', 'rules'])
    const { code, stdout } = await ws.labmake('-C', 'lab', 'doctor')
    expect([code, stdout]).toEqual([0, expect.stringContaining('All is well here.')])
    expect((await ws.labmake('-C', 'lab')).code).toBe(0)
  })

  test('init leaves what is there as it is', async () => {
    await using ws = await workspace({ 'rules/ephys.yaml': '# mine' })
    expect((await ws.labmake('init')).code).toBe(0)
    expect(ws.read('rules/ephys.yaml')).toBe('# mine')
  })

  test('doctor names a command that is not there, with exit code 1', async () => {
    await using ws = await workspace({ 'rules/r.yaml': oneRule('recipe: no-such-sorter {source} {target}') })
    const { code, stdout } = await ws.labmake('doctor')
    expect([code, stdout]).toEqual([1, expect.stringContaining('there is no command no-such-sorter here')])
    const { findings } = (await ws.labmake('doctor', '--json')).json()
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'wrong', text: expect.stringContaining('no-such-sorter') }),
    )
  })

  test('doctor leaves nothing behind', async () => {
    await using ws = await workspace(oneBatch)
    await ws.labmake('doctor')
    expect(ws.list('.')).toEqual(['data', 'rules'])
  })
})

describe('completion in bash', () => {
  /** What bash would offer after this line. */
  function offers(folder: string, ...words: string[]): string[] {
    const script = `
source <(labmake completion bash)
COMP_WORDS=(labmake "$@"); COMP_CWORD=$#
_labmake
printf '%s\\n' "\${COMPREPLY[@]}"`
    const env = { PATH: `${binFolder}:${process.env.PATH}` }
    return execFileSync('bash', ['--norc', '-c', script, 'bash', ...words], { cwd: folder, env, encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
  }

  test('offers commands, batches and rules for the first word', async () => {
    await using ws = await workspace(batches('B1', 'B22'))
    expect(offers(ws.root, 'B').sort()).toEqual(['B1', 'B22'])
    expect(offers(ws.root, 'de')).toContain('denoise')
    expect(offers(ws.root, 'hist')).toEqual(['history'])
  })

  test('offers batches after a command, options after a hyphen', async () => {
    await using ws = await workspace(batches('B1', 'B22'))
    expect(offers(ws.root, 'why', 'B2')).toEqual(['B22'])
    expect(offers(ws.root, '--dry')).toEqual(['--dry-run'])
  })

  test('offers the commands, and no error, where there is no workspace', () => {
    const folder = mkdtempSync(join(tmpdir(), 'labmake-nowhere-'))
    try {
      expect(offers(folder, 'doc')).toEqual(['doctor'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('runs nothing of a name that looks like a command', async () => {
    await using ws = await workspace({
      'rules/r.yaml': oneRule('recipe: cp {source} {target}'),
      'in/$(touch PWNED).txt': '',
    })
    offers(ws.root, 'out/')
    expect(ws.exists('PWNED')).toBe(false)
  })
})
