import { describe, expect, test } from 'vitest'
import { board, job, statuses, viewOf } from './boards.ts'
import { actionsOf, person } from './person.ts'

const lab = () =>
  person(
    viewOf(
      board([
        job('denoise', 'm101_g0', statuses.failed),
        job('phy', 'm101_g0', { state: 'blocked', job: 'denoise/m101_g0' }),
        job('denoise', 'm102_g0', statuses.done),
        job('phy', 'm102_g0', statuses.queued),
        job('denoise', 'm102_g1', statuses.running),
      ]),
    ),
  )
const shown = (it: ReturnType<typeof lab>) =>
  it.lines().flatMap((line) => /^.{0,3}(m\d+_g\d) /.exec(line.replace('▌', ' '))?.[1] ?? [])

describe('the filter', () => {
  test.each([
    ['m102', ['m102_g1', 'm102_g0']],
    ['m1*_g0', ['m101_g0', 'm102_g0']],
    ['is:failed,running', ['m101_g0', 'm102_g1']],
    ['phy:queued', ['m102_g0']],
    ['m102 !is:running', ['m102_g0']],
    ['pool:ram', ['m102_g1']],
  ])('%s leaves what fits', (text, batches) => {
    const it = lab()
    it.press(`/${text}`)
    expect(shown(it)).toEqual(batches)
  })

  test('filters as one types, and counts', () => {
    const it = lab()
    it.press('/m10')
    expect(it.lines().at(-1)).toMatch(/^ \/m10 +3 fit/)
    it.press('1')
    expect(it.lines().at(-1)).toMatch(/^ \/m101 +1 fit/)
    expect(shown(it)).toEqual(['m101_g0'])
  })

  test('keeps the last good result while a word cannot be read, and says why', () => {
    const it = lab()
    it.press('/is:failed')
    expect(shown(it)).toEqual(['m101_g0'])
    it.press(' pool:rma')
    expect(shown(it)).toEqual(['m101_g0'])
    expect(it.lines().at(-1)).toContain('no pool is called "rma"')
  })

  test('keeps it too where several words cannot be read', () => {
    const it = lab()
    it.press('/is:failed')
    it.tell({ type: 'key', key: { kind: 'paste', text: 'x pool:rma' } })
    expect(it.state.batches.filter).toMatchObject({ text: 'is:failedx pool:rma', good: 'is:failed' })
  })

  test('shows what really filters when a text that cannot be read is kept', () => {
    const it = lab()
    it.press('/is:failed xyz:1<enter>')
    expect(it.state.batches.filter).toMatchObject({ text: 'is:failed', good: 'is:failed', problem: undefined })
  })

  test('is shown in the list while it is kept', () => {
    const it = lab()
    it.press('/m101<enter>')
    expect(it.lines()[4]).toContain('batch 1/1 ▸ m101')
  })

  test('esc while one types leaves it as it was before', () => {
    const it = lab()
    it.press('/m101<enter>/ is:done<escape>')
    expect(it.state.batches.filter.good).toBe('m101')
    it.press('<escape>')
    expect(shown(it)).toHaveLength(3)
  })

  test('backspace takes a letter, ^w a word, ^u all', () => {
    const it = lab()
    it.press('/m101 is:failed<backspace>')
    expect(it.state.batches.filter.text).toBe('m101 is:faile')
    it.press('<^w>')
    expect(it.state.batches.filter.text).toBe('m101 ')
    it.press('<^u>')
    expect(it.state.batches.filter.text).toBe('')
  })

  test('what is pasted is one line', () => {
    const it = lab()
    it.press('/')
    it.tell({ type: 'key', key: { kind: 'paste', text: 'm101\n  is:failed\n' } })
    expect(it.state.batches.filter.text).toBe('m101 is:failed')
  })

  test('that nothing fits says how to clear it', () => {
    const it = lab()
    it.press('/zzz<enter>')
    expect(it.picture()).toContain('no batch fits  zzz')
    expect(it.picture()).toContain('esc clears the filter')
  })

  test('letters that are commands elsewhere are typed', () => {
    const it = lab()
    expect(actionsOf(it.press('/rxhq'))).toEqual([])
    expect(it.state.batches.filter.text).toBe('rxhq')
  })

  test('a rule that it names may go: then it hides nothing', () => {
    const it = lab()
    it.press('/phy:queued<enter>')
    it.see({ board: board([job('denoise', 'm101_g0', statuses.done)], { rules: ['denoise'] }) })
    expect(shown(it)).toEqual(['m101_g0'])
  })
})

test('the history is filtered by words', () => {
  const it = lab()
  const at = '2026-08-10T10:00:00Z'
  const cancelled = { type: 'cancelled', at, target: 't', attempt: 1, seconds: 5, log: '', by: 'ana' } as const
  it.press('4')
  it.see({
    history: [
      { ...cancelled, job: 'phy/B1' },
      { ...cancelled, job: 'denoise/B2' },
    ],
  })
  it.press('/ana phy<enter>')
  expect(it.picture()).toContain('history 1/1 ▸ ana phy')
  expect(it.picture()).not.toContain('denoise/B2')
  it.press('<escape>')
  expect(it.picture()).toContain('/2 ')
})
