import { describe, expect, test } from 'vitest'
import { board, job, nowMs, pool, statuses, viewOf } from '../boards.ts'
import { person } from '../person.ts'

const running = Array.from({ length: 12 }, (_, i) =>
  job('denoise', `m112_2026-06-08_g0_imec1.${i}`, { ...statuses.running, startedMs: nowMs - 3_600_000 }),
)

describe('a question', () => {
  const ask = (columns: number, rows: number) => {
    const it = person(viewOf(board(running)), { columns, rows })
    it.press('ax')
    return it.picture()
  }

  test('has its frame, what it is about, what is lost and its answers', () => {
    const picture = ask(100, 30)
    expect(picture).toContain('╭─ Stop 12 running jobs? ─')
    expect(picture).toContain('12h00 of work is lost.')
    expect(picture).toContain('y stop     n  no (enter, esc)')
  })

  test.each([
    [80, 24],
    [50, 12],
    [44, 10],
    [30, 6],
    [20, 4],
  ])('at %dx%d still says what is lost, and how to answer', (columns, rows) => {
    expect(ask(columns, rows)).toMatch(/12h00/)
    expect(ask(columns, rows)).toContain('y stop')
  })

  test('breaks its sentences where it is narrow', () => {
    expect(ask(50, 24)).toMatch(/The log is kept, and the target stays as +│.*\n.*│ it was\./)
  })
})

test('a choice has all of its options at 50x12', () => {
  const it = person(viewOf(board([job('phy', 'B1', statuses.protected)])), { columns: 50, rows: 12 })
  it.press('R')
  expect(it.picture()).toContain('k  keep the edited version')
  expect(it.picture()).toContain('m  make a new one')
})

test('of many pools the selected one is seen on a small screen', () => {
  const pools = new Map(Array.from({ length: 20 }, (_, i) => [`p${i}`, pool(`p${i}`, 1)] as const))
  const it = person(viewOf(board([], { pools })), { columns: 60, rows: 14 })
  it.press('pG')
  expect(it.picture()).toContain('▌ p19')
})

test('of a long text that is typed, the end is seen', () => {
  const it = person(viewOf(board(running)), { columns: 60, rows: 16 })
  it.press(`/${'a'.repeat(100)}xyz`)
  expect(it.lines().at(-1)).toMatch(/^ \/…a+xyz/)
})

test('in ASCII a frame is drawn with ASCII', () => {
  const it = person(viewOf(board(running), { style: { color: false, unicode: false } }))
  it.press('x')
  expect(it.picture()).toContain('+- Stop 1 running job? -')
})
