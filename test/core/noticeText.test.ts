import { describe, expect, test } from 'vitest'
import { composeNotice, notifierText } from '../../src/core/noticeText.ts'
import type { JobStatus } from '../../src/model/board.ts'
import type { Channel, News } from '../../src/model/notice.ts'
import type { Cause } from '../../src/model/record.ts'
import { boardJob, boardOf, notifier, startMs } from '../fakes/notices.ts'

const since = { done: 3, failed: 0, cancelled: 0 }
const board = boardOf()
const failure = (job: string, cause: Cause, attempt = 1): News => {
  const [rule = '', batch] = job.split('/')
  return {
    kind: 'failed',
    job,
    rule,
    batch,
    attempt,
    seconds: 22_320,
    cause,
    log: `.labmake/logs/${job}/${attempt}.log`,
  }
}
const exit1 = { kind: 'exit', code: 1 } as const
const cuda = { ...exit1, says: 'CUDA error: out of memory' }
const compose = (news: readonly News[], more = 0, on = board) => composeNotice(news, { more, board: on, since })

describe('a failure', () => {
  test('says why, what it said last, how long, where its log is and what to do', () => {
    expect(compose([failure('phy/m108', cuda, 3)])).toEqual({
      kind: 'failed',
      title: 'phy/m108 failed',
      text: [
        'Why: the recipe ended with exit code 1, after 6h12, in attempt 3',
        'It said last: CUDA error: out of memory',
        'Log: /lab/.labmake/logs/phy/m108/3.log',
        'Next: labmake log phy/m108 shows its output, labmake retry phy/m108 tries again.',
        'labmake on rig1, /lab',
      ].join('\n'),
    })
  })

  test('says what cannot run because of it, and what helps', () => {
    const blocked: JobStatus = { state: 'blocked', job: 'denoise/m1' }
    const on = boardOf(boardJob('phy/m1', blocked), boardJob('phy/m2', { state: 'blocked', job: 'denoise/m2' }))
    const { text } = compose(
      [failure('denoise/m1', { kind: 'no-command', command: 'x', problem: 'it is not there' })],
      0,
      on,
    )
    expect(text).toContain('\nInstall it, or put its folder on the PATH')
    expect(text).toContain('\n1 job cannot run before it is made.\n')
  })

  test('shows what a recipe said without its colours, on one line', () => {
    const { text } = compose([failure('phy/m1', { ...exit1, says: '\x1b[31mbad\x1b[0m\rthing\x07' })])
    expect(text).toContain('It said last: bad thing')
  })
})

describe('several failures', () => {
  test('of one cause are a list of names and the cause', () => {
    const news = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7'].map((batch) => failure(`phy/${batch}`, cuda))
    expect(compose(news)).toMatchObject({
      title: '7 jobs failed',
      text: [
        'All of them: the recipe ended with exit code 1: CUDA error: out of memory',
        'phy/m1, phy/m2, phy/m3, phy/m4, phy/m5 and 2 more',
        'Log of the first: /lab/.labmake/logs/phy/m1/1.log',
        'Next: labmake status lists them, labmake retry phy tries again.',
        'labmake on rig1, /lab',
      ].join('\n'),
    })
  })

  test('of several causes name the one that most share, and the first few with theirs', () => {
    const news = [failure('phy/m1', cuda), failure('phy/m2', cuda), failure('denoise/m3', { kind: 'lost' })]
    expect(compose(news).text.split('\n').slice(0, 4)).toEqual([
      '2 of them: the recipe ended with exit code 1: CUDA error: out of memory',
      '- phy/m1: the recipe ended with exit code 1: CUDA error: out of memory, after 6h12',
      '- phy/m2: the recipe ended with exit code 1: CUDA error: out of memory, after 6h12',
      '- denoise/m3: it was lost when labmake or the machine stopped, after 6h12',
    ])
  })

  test.each([
    [
      'that say different things share the exit code',
      [cuda, { ...exit1, says: 'no channel 12' }],
      'All of them: the recipe ended with exit code 1',
    ],
    [
      'that concern different paths share the kind',
      [
        { kind: 'no-target', target: 'a' },
        { kind: 'no-target', target: 'b' },
      ] as const,
      'All of them failed alike. The first: the recipe ended well but did not make a',
    ],
    ['that share nothing have no common cause', [cuda, { kind: 'lost' }] as const, '- phy/m0: '],
  ])('%s', (_, causes, beginning) => {
    const news = causes.map((cause, i) => failure(`phy/m${i}`, cause))
    expect(compose(news).text.startsWith(beginning)).toBe(true)
  })

  test('beyond those that were kept are counted', () => {
    const { title, text } = compose([failure('phy/m1', cuda)], 1500)
    expect(title).toBe('1501 jobs failed')
    expect(text).toContain('and 1500 more')
    expect(text).not.toContain('All of them')
  })
})

describe('other notices', () => {
  const made: JobStatus = {
    state: 'done',
    edited: undefined,
    last: { attempt: 1, endedMs: startMs, seconds: 3180, log: '' },
  }

  test('a batch that is done: how long each job took, and what is left', () => {
    const running: JobStatus = { state: 'running', reason: undefined, attempt: 1, startedMs: 0, pid: 1, log: '' }
    const on = boardOf(boardJob('denoise/m1', made), boardJob('phy/m1', made), boardJob('phy/m2', running))
    expect(compose([{ kind: 'done', batch: 'm1' }], 0, on)).toEqual({
      kind: 'done',
      title: 'm1 is done',
      text: 'All of it is up to date: denoise 53m00, phy 53m00\nNow: 1 running.\nlabmake on rig1, /lab',
    })
  })

  test('a drop that was refused: why, and where it lies', () => {
    const state = { kind: 'refused', why: 'a.mat is cut short', hint: 'Copy it again.', atMs: startMs } as const
    expect(compose([{ kind: 'refused', drop: 'B7', state }])).toMatchObject({
      title: 'The drop B7 was not taken',
      text: expect.stringMatching(/^Why: a\.mat is cut short\nCopy it again\.\nIt lies in inbox\/rejected\/\./),
    })
  })

  test('a drop with a name that a shell would cut in two is named as one would type it', () => {
    const state = { kind: 'refused', why: 'its name has a space', hint: undefined, atMs: startMs } as const
    expect(compose([{ kind: 'refused', drop: 'B 7', state }]).text).toContain("labmake inbox take 'B 7'\n")
  })

  test('a drop in conflict: the two ways out', () => {
    const state = { kind: 'conflict', why: 'a.mat differs', with: 'data/mat/B7', atMs: startMs } as const
    const { text } = compose([{ kind: 'refused', drop: 'B7', state }])
    expect(text).toContain('labmake inbox take B7 --replace puts it in the place of data/mat/B7')
    expect(text).toContain('--as OTHER')
  })

  test('several drops: each with its reason', () => {
    const state = { kind: 'refused', why: 'no', hint: undefined, atMs: startMs } as const
    const news = ['a', 'b', 'c', 'd', 'e', 'f'].map((drop): News => ({ kind: 'refused', drop, state }))
    const { title, text } = compose(news)
    expect(title).toBe('6 drops were not taken')
    expect(text).toContain('- a: no\n- b: no\n- c: no\n- d: no\n- e: no\n- and 1 more\n')
  })

  test('drops that get no further', () => {
    const state = { kind: 'stalled', because: 'silence', why: 'a.part came no further', stillMs: 1 } as const
    expect(compose([{ kind: 'stalled', drop: 'B7', state }])).toMatchObject({
      title: 'The drop B7 gets no further',
      text: expect.stringMatching(/^Why: a\.part came no further\n.*labmake inbox take B7 takes it\.\n/),
    })
    const full = { ...state, because: 'disk', why: 'cannot move inbox/B7: no space left on the disk' } as const
    expect(compose([{ kind: 'stalled', drop: 'B7', state: full }])).toMatchObject({
      text: expect.stringMatching(/^Why: cannot move .*\nNext: put that right\. Nothing is lost: it is tried again/),
    })
    const two = [
      { kind: 'stalled', drop: 'B7', state },
      { kind: 'stalled', drop: 'B8', state },
    ] as const
    expect(compose(two)).toMatchObject({
      title: '2 drops get no further',
      text: expect.stringContaining('- B7: a.part came no further\n- B8: a.part'),
    })
  })

  test('a disk: how much is left, and what may go', () => {
    expect(compose([{ kind: 'disk', space: { freeBytes: 12e9, totalBytes: 4e12 } }])).toMatchObject({
      title: 'Only 12 GB are free',
      text: expect.stringContaining('12 GB of 4.0 TB are free'),
    })
  })

  test('an empty queue: what was done, and what still needs a person', () => {
    const on = boardOf(boardJob('phy/m1', { state: 'blocked', job: 'denoise/m1' }))
    expect(compose([{ kind: 'idle' }], 0, on).text).toBe(
      'Since the queue was last empty: 3 jobs made.\nNow: 1 blocked.\nlabmake on rig1, /lab',
    )
  })

  test('however long the reasons are, a notice is short enough for Slack, and says where it comes from', () => {
    const state = { kind: 'refused', why: 'x'.repeat(5000), hint: undefined, atMs: startMs } as const
    const { text } = compose([{ kind: 'refused', drop: 'B7', state }])
    expect(text.length).toBeLessThan(4000)
    expect(text).toMatch(/…\nlabmake on rig1, \/lab$/)
  })
})

test.each<[Channel, string]>([
  [
    { kind: 'webhook', url: { kind: 'written', text: 'https://u@hooks.slack.com/services/s3cret?k=s3cret' } },
    'the webhook at hooks.slack.com (rules/r.yaml:2:5)',
  ],
  [{ kind: 'webhook', url: { kind: 'environment', variable: 'SLACK' } }, 'the webhook of $SLACK (rules/r.yaml:2:5)'],
  [
    { kind: 'email', to: ['a@b', 'c@d'], from: undefined, smtp: { kind: 'written', text: 'smtp://u:s3cret@h' } },
    'mail to a@b, c@d (rules/r.yaml:2:5)',
  ],
  [{ kind: 'command', words: [['curl'], ['https://h/s3cret']] }, 'the command curl (rules/r.yaml:2:5)'],
])('a notifier is named without its secret: %#', (channel, text) => {
  expect(notifierText(notifier({ channel }))).toBe(text)
})
