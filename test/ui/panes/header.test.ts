import { describe, expect, test } from 'vitest'
import type { Board } from '../../../src/model/board.ts'
import type { Link, View } from '../../../src/ui/view.ts'
import { board, drops, job, labBoard, nowMs, pool, statuses, viewOf } from '../boards.ts'
import { person } from '../person.ts'

const lines = (shown: Board | undefined, size = {}, more: Partial<View> = {}) =>
  person(viewOf(shown, more), size).lines()
const wide = { columns: 140, rows: 40 }

describe('the first line', () => {
  test('has the tabs, the workspace and a sign of life with the time', () => {
    expect(lines(board([]), wide)[0]).toMatch(
      /^ labmake {2}1 batches {2}2 map {2}3 inbox {2}4 history +\/srv\/ephys\/np-study {2}● \d\d:02:12$/,
    )
  })

  test('keeps the end of the workspace where there is little room', () => {
    expect(lines(board([]))[0]).toContain(' ephys/np-study  ●')
  })

  test('counts the inbox', () => {
    const all = new Map(drops.map((drop) => [drop.name, drop]))
    expect(lines(board([], { drops: all }))[0]).toContain('3 inbox 4 ')
  })

  test('marks the open tab by turning it over', () => {
    const it = person(viewOf(board([])))
    it.press('2')
    expect(it.painted()).toContain('\x1b[7m 2 map \x1b[27m')
  })

  test('keeps tabs and the sign of life at 50 columns', () => {
    expect(lines(labBoard(50), { columns: 50 })[0]).toMatch(/1 batches.*4 history.*●$/)
  })
})

describe('pools', () => {
  const some = (paused?: string) =>
    board(
      [
        job('denoise', 'B1', statuses.running),
        job('denoise', 'B2', statuses.queued),
        job('denoise', 'B3', statuses.queued),
      ],
      {
        pools: new Map([['ram', pool('ram', 2, { pausedBy: paused })]]),
      },
    )

  test('say how many slots are used, of how many, and how many jobs wait for them', () => {
    expect(lines(some())[1]).toMatch(/^ ram ■□ 1\/2 \+2/)
  })

  test('that are paused say so, and what goes on in them', () => {
    expect(lines(some('ana'))[1]).toMatch(/^ ram ■□ paused 1\/2 \+2/)
  })

  test('a bar is full only when all is used, and empty only when nothing is', () => {
    const cpu = (used: number) =>
      lines(
        board(
          Array.from({ length: used }, (_, i) => job('phy', `B${i}`, statuses.running)),
          {
            pools: new Map([['cpu', pool('cpu', 100)]]),
          },
        ),
      )[1]
    expect(cpu(0)).toContain('□□□□□□ 0/100')
    expect(cpu(1)).toContain('■□□□□□ 1/100')
    expect(cpu(99)).toContain('■■■■■□ 99/100')
    expect(cpu(100)).toContain('■■■■■■ 100/100')
  })

  test('that have no room are counted', () => {
    const pools = new Map(Array.from({ length: 9 }, (_, i) => [`pool${i}`, pool(`pool${i}`, 2)] as const))
    expect(lines(board([], { pools }))[1]).toMatch(/pool0 .*\+\d pools$/)
  })
})

describe('the end of all', () => {
  const backlog = board(
    Array.from({ length: 400 }, (_, i) => job('denoise', `B${i}`, statuses.queued)),
    {
      pools: new Map([['ram', pool('ram', 2)]]),
    },
  )

  test('is said in days, with the day where there is room', () => {
    expect(lines(backlog)[1]).toMatch(/all done in about 8d$/)
    expect(lines(backlog, wide)[1]).toMatch(/all done in about 8 days \(Tue 18 Aug\)$/)
  })

  test('is not said where a rule has too little of a past', () => {
    expect(lines(board([job('denoise', 'B1', statuses.queued, { estimate: undefined })]))[1]).not.toContain('all done')
  })

  test('gives way to the pools', () => {
    const narrow = lines(labBoard(100), { columns: 52, rows: 16 })[1]
    expect(narrow).toContain('gpu')
    expect(narrow).not.toContain('all done')
  })

  test('where nothing runs and nothing waits for slots it is idle', () => {
    expect(lines(board([job('denoise', 'B1', statuses.done)]))[1]).toMatch(/idle$/)
  })
})

describe('counts', () => {
  test('come with the most urgent first', () => {
    const all = ['done', 'queued', 'running', 'failed', 'blocked', 'stale'] as const
    const shown = board(all.map((state, i) => job('denoise', `B${i}`, statuses[state])))
    expect(lines(shown)[2]).toBe(' ✗ 1 failed   ⊘ 1 blocked   ► 1 running   ↻ 1 stale   ○ 1 queued   ✓ 1 done')
  })

  test('that have no room are the least urgent', () => {
    expect(lines(labBoard(300), { columns: 50 })[2]).toBe(' ✗ 3 failed  ⊘ 2 blocked  ◆ 1 protected')
  })

  test('have signs of ASCII where the terminal has no others', () => {
    const it = person(viewOf(labBoard(300), { style: { color: false, unicode: false } }))
    expect(it.lines()[2]).toMatch(/^ X 3 failed {2}\/ 2 blocked {2}# 1 protected {2}> 11 running {2}\* 1 stale/)
    expect(it.picture()).toMatch(/^[\x20-\x7e\n]*$/)
  })
})

test('a pool that counts memory says how much of it is taken', () => {
  const ram = pool('ram', 64e9, { counts: 'bytes' })
  const asks = { pools: { ram: 12e9 } }
  const jobs = [
    job('denoise', 'B1', statuses.running, asks),
    job('denoise', 'B2', statuses.running, asks),
    job('denoise', 'B3', statuses.queued, asks),
  ]
  expect(lines(board(jobs, { pools: new Map([['ram', ram]]) }))[1]).toMatch(/ram ■■□□□□ 24 of 64 GB \+1/)
})

describe('under the header', () => {
  const fault = { where: 'rules/ana.yaml:14:9', message: 'unknown pool "rma"', hint: 'Did you mean ram?' }

  test('a broken rule file is a line that says where, what and how to mend it', () => {
    expect(lines(board([], { faults: [fault] }))[3]).toBe(' ✗ rules/ana.yaml:14 unknown pool "rma" (did you mean ram?)')
  })

  test('more than two are counted, and an action lists them all', () => {
    const faults = ['a', 'b', 'c'].map((message) => ({ where: 'r.yaml:1:1', message }))
    const it = person(viewOf(board([job('denoise', 'B1', statuses.done)], { faults, warnings: [fault] })))
    expect(it.lines()[4]).toBe(' and 3 more.  : faults lists them')
    it.press(':wrong<enter>')
    for (const { message } of faults) expect(it.picture()).toContain(`r.yaml:1:1: ${message}`)
    expect(it.picture()).toContain('Did you mean ram?')
  })

  test('an engine that ends says that nothing more is started', () => {
    const shown = board([])
    expect(lines({ ...shown, engine: { ...shown.engine, stopping: true } })[3]).toContain('nothing more is started')
  })
})

describe('an engine that is gone', () => {
  const gone = { link: { state: 'gone', sinceMs: nowMs - 124_000, why: 'It was killed.' } } as const

  test('is said, with the age of what is shown', () => {
    const shown = lines(labBoard(50), {}, gone)
    expect(shown[0]).toContain('engine gone 2m04')
    expect(shown[3]).toBe(' !  It was killed; jobs go on. What is shown is 2m04 old.')
    const unknown = lines(labBoard(50), {}, { link: { ...gone.link, why: undefined } })
    expect(unknown[3]).toBe(' !  The engine does not answer; jobs go on. What is shown is 2m04 old.')
  })

  test('leaves its last picture, greyed', () => {
    const it = person(viewOf(labBoard(50), gone))
    const row = it
      .painted()
      .split('\n')
      .find((line, y) => y > 5 && line.includes('►'))
    expect(row).toContain('►')
    expect(row?.replace(/\x1b\[(90|39)m/g, '')).not.toContain('\x1b')
  })

  test('hides no box: keys that go to one would seem dead', () => {
    const it = person(viewOf(labBoard(50), gone))
    it.press('?')
    expect(it.picture()).toContain('╭─ help')
  })

  test('before it was ever there, is asked', () => {
    expect(lines(undefined, {}, { link: { state: 'joining', sinceMs: nowMs } }).join('\n')).toContain(
      'asking the engine',
    )
  })

  test('while it looks at its workspace for the first time, has come so far', () => {
    const joining = { state: 'joining', sinceMs: nowMs } as const
    const picture = (link: Link) => person(viewOf(undefined, { link })).picture()
    expect(picture(joining)).toContain('Asking the engine of this workspace.')
    expect(picture({ ...joining, reading: { planned: 0, of: undefined } })).toContain('The engine looks for batches.')
    expect(picture({ ...joining, reading: { planned: 32, of: 100 } })).toContain(
      'The engine has looked at 32 of 100 batches.',
    )
  })
})
