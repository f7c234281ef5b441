import { expect, test } from 'vitest'
import { usedSlots } from '../../src/core/board.ts'
import type { JournalRecord } from '../../src/model/record.ts'
import { type Lab, lab, settled } from '../fakes/lab.ts'
import { watching } from '../fakes/watching.ts'

const names = Array.from({ length: 30 }, (_, i) => `B${i + 10}`)
const rules = {
  pools: { ram: 1 },
  rules: { denoise: { sources: 'mat/{batch}/', targets: 'kwd/{batch}', pool: 'ram', recipe: 'd {source} {target}' } },
}
const files = Object.fromEntries(names.map((name) => [`mat/${name}/a`, 'x']))

/** A journal that, once it is held, flushes nothing. */
function holdable({ journal }: Lab) {
  const append = journal.append.bind(journal)
  const held: (() => void)[] = []
  let isHeld = false
  journal.append = async (record: JournalRecord) => {
    if (isHeld && record.type === 'made') await new Promise<void>((resolve) => held.push(resolve))
    return append(record)
  }
  return {
    hold() {
      isHeld = true
    },
    release() {
      isHeld = false
      for (const go of held) go()
    },
  }
}

/** Ends the recipe that runs, or the one of this rule, after so many seconds. */
async function endOne({ launcher, clock, disk }: Lab, seconds: number, rule = ''): Promise<void> {
  const recipe = launcher.running().find(({ job }) => job.startsWith(rule))!
  clock.tick(seconds * 1000)
  for (const { staged } of recipe.targets) disk.write(staged, 'x')
  recipe.end()
  await settled()
}

const sorting = (pool: string) => ({
  pools: { ram: 1, cpu: 1 },
  rules: {
    ...rules.rules,
    sort: { sources: 'kwd/{batch}', targets: 'phy/{batch}', pool, recipe: 's {source} {target}' },
  },
})

/** An engine that knows how long jobs take, and a journal that flushes nothing of what they make from now on. */
async function heldLab(seconds: number, text: object = rules) {
  const it = lab(text, files)
  const journal = holdable(it)
  const { engine } = await watching(it)
  for (let i = 0; i < 4; i++) await endOne(it, seconds)
  journal.hold()
  return { it, journal, engine }
}

test('of jobs that are known to be short the next runs while the one before is put into place', async () => {
  const { it, journal, engine } = await heldLab(0.01)
  const { job } = it.launcher.running()[0]!
  const status = () => engine.board().jobs.get(job)!.status
  await endOne(it, 0.01)
  expect(it.launcher.running().map((recipe) => recipe.job !== job)).toEqual([true])
  expect(status()).toMatchObject({ state: 'running', hasEnded: true })
  expect(usedSlots(engine.board()).get('ram')).toBe(1)
  journal.release()
  await settled()
  expect(status()).toMatchObject({ state: 'done' })
})

test('of longer ones too, where nothing that hangs on the one before wants its slots', async () => {
  const { it } = await heldLab(1, sorting('cpu'))
  const denoising = () => it.launcher.running().flatMap(({ job }) => (job.startsWith('denoise/') ? [job] : []))
  const before = denoising()
  await endOne(it, 1, 'denoise')
  expect(denoising()).toHaveLength(1)
  expect(denoising()).not.toEqual(before)
})

test('where something does, the next waits until that is in line', async () => {
  const { it, journal } = await heldLab(1, sorting('ram'))
  await endOne(it, 1, 'denoise')
  expect(it.launcher.running()).toEqual([])
  journal.release()
  await settled()
  expect(it.launcher.running()).toHaveLength(1)
})

test('sixteen are behind at the most', async () => {
  const { it } = await heldLab(0.01)
  let ended = 0
  for (; it.launcher.running().length > 0; ended++) await endOne(it, 0.01)
  expect(ended).toBe(17)
})
