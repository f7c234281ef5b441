import { expect, test } from 'vitest'
import { board, job, pool, statuses, viewOf } from './boards.ts'
import { actionsOf, person } from './person.ts'

const pools = new Map(
  [
    pool('ram', 2),
    pool('cpu', 12, { declared: 8 }),
    pool('gpu', 1, { pausedBy: 'ben' }),
    pool('mem', 64e9, { counts: 'bytes' }),
    pool('low', 12e9, { counts: 'bytes', declared: 256e9 }),
  ].map((p) => [p.name, p]),
)
const open = () => {
  const it = person(
    viewOf(board([job('denoise', 'B1', statuses.running), job('denoise', 'B2', statuses.queued)], { pools })),
  )
  it.press('p')
  return it
}

test('pools say what is used, how many wait, who paused them, and what the rules say', () => {
  const picture = open().picture()
  expect(picture).toMatch(/ram +■□ +1\/2 +1 in line/)
  expect(picture).toMatch(/cpu .* 0\/12 +the rules say 8/)
  expect(picture).toMatch(/gpu +□ +0\/1 +paused by ben/)
})

test('below the pools stands what past attempts say of them, what may go wrong in another colour', () => {
  const it = open()
  it.see({
    advice: [
      {
        rule: 'denoise',
        pool: 'mem',
        text: 'denoise asks for 12 GB of mem, but has peaked at 14 GB in 40 runs',
        isTooMuch: true,
        hint: 'Write pool: { mem: 17GB }.',
      },
      {
        rule: 'phy',
        pool: 'ram',
        text: 'phy has peaked at 2.0 GB in 9 runs; 64 GB would hold 32, ram has 2 slots',
        isTooMuch: false,
        hint: undefined,
      },
    ],
  })
  expect(it.picture()).toContain('denoise asks for 12 GB of mem, but has peaked at 14 GB in 40 runs. Write')
  expect(it.picture()).toContain('pool: { mem: 17GB }.')
  expect(it.picture()).toContain('phy has peaked at 2.0 GB in 9 runs')
  expect(it.painted()).toMatch(/\x1b\[33mdenoise asks for 12 GB/)
})

test.each([
  [' ', { type: 'pause', pool: 'ram' }],
  ['jj ', { type: 'resume', pool: 'gpu' }],
  ['+', { type: 'slots', pool: 'ram', slots: 3 }],
  ['-', { type: 'slots', pool: 'ram', slots: 1 }],
  ['j0', { type: 'slots', pool: 'cpu', slots: 'declared' }],
  ['jjj+', { type: 'size', pool: 'mem', bytes: 65e9 }],
  ['jjj-', { type: 'size', pool: 'mem', bytes: 60e9 }],
  ['jjjj+', { type: 'size', pool: 'low', bytes: 20e9 }],
  ['jjjj0', { type: 'size', pool: 'low', bytes: 'declared' }],
] as const)('%j asks for %j', (keys, action) => {
  expect(actionsOf(open().press(keys))).toEqual([action])
})

test('keys that come faster than the engine answers each count', () => {
  const it = open()
  expect(actionsOf(it.press('jjj++-'))).toEqual([
    { type: 'size', pool: 'mem', bytes: 65e9 },
    { type: 'size', pool: 'mem', bytes: 70e9 },
    { type: 'size', pool: 'mem', bytes: 65e9 },
  ])
  expect(actionsOf(it.press('kkk++-'))).toEqual([
    { type: 'slots', pool: 'ram', slots: 3 },
    { type: 'slots', pool: 'ram', slots: 4 },
    { type: 'slots', pool: 'ram', slots: 3 },
  ])
})

test('a pool keeps at least one slot: to stop it is to pause it', () => {
  const it = open()
  expect(actionsOf(it.press('jj-'))).toEqual([])
  expect(it.lines().at(-1)).toContain('space pauses gpu')
})

test('a pool that counts memory keeps at least one step of it', () => {
  const it = open()
  expect(actionsOf(it.press('jjjj-'))).toEqual([])
  expect(it.lines().at(-1)).toContain('space pauses low: a pool keeps at least 20 GB.')
})

test('a pool that counts memory says so, and by how much the keys change it', () => {
  const it = open()
  expect(it.picture()).toMatch(/mem +□+ +0 of 64 GB/)
  expect(it.picture()).toMatch(/low +□+ +0 of 12 GB +the rules say 256 GB/)
  expect(it.picture()).toContain('+ − slots')
  it.press('jjj')
  expect(it.picture()).toContain('+ − 5 GB')
})

test('a pool with the slots of the rules has nothing to reset', () => {
  const it = open()
  expect(actionsOf(it.press('0'))).toEqual([])
  expect(it.lines().at(-1)).toContain('ram has what the rules give it')
})

test('what was asked shows … until the engine answered', () => {
  const it = open()
  it.press(' ')
  expect(it.picture()).toMatch(/1\/2 +… /)
})

test.each(['<escape>', 'p'])('%s goes back', (key) => {
  const it = open()
  it.press(key)
  expect(it.state.overlays).toEqual([])
})
