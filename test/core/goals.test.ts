import { describe, expect, test } from 'vitest'
import { batchesOfGoals, namedJobs, withPrerequisites } from '../../src/core/goals.ts'
import { lab } from '../fakes/lab.ts'

const rules = {
  rules: {
    denoise: { sources: 'in/{batch}', targets: 'kwd/{batch}.kwd', recipe: 'r {source} {target}' },
    phy: { sources: 'kwd/{batch}.kwd', targets: 'phy/{batch}/', recipe: 'r {source} {target}' },
    idle: { sources: 'none/{batch}', targets: 'idle/{batch}', recipe: 'r {source} {target}' },
  },
}
const it = lab(rules, { 'in/B1': '', 'in/B2': '', 'kwd/OLD.kwd': 'k' })
const { plan } = it.plan()
const named = (...goals: string[]) => [...namedJobs(plan, it.rules.rules, goals, ['status', 'history'])]

describe('a goal', () => {
  test.each([
    ['a batch', 'B1', ['denoise/B1', 'phy/B1']],
    ['a rule', 'denoise', ['denoise/B1', 'denoise/B2']],
    ['a job', 'phy/B2', ['phy/B2']],
    ['a target', 'kwd/B1.kwd', ['denoise/B1']],
    ['a target folder', 'phy/B1/', ['phy/B1']],
    ['a target folder without its slash', './phy/B1', ['phy/B1']],
    ['a rule that has no job yet', 'idle', []],
  ])('may be %s', (_, goal, jobs) => {
    expect(named(goal)).toEqual(jobs)
  })

  test('may be left out: everything', () => {
    expect(named()).toHaveLength(plan.jobs.length)
  })

  test.each([
    ['B3', 'nothing is called "B3": no batch, rule or target', 'Did you mean B1?'],
    ['denoize', 'nothing is called "denoize": no batch, rule or target', 'Did you mean denoise?'],
    ['phy/B1x', 'nothing is called "phy/B1x": no batch, rule or target', 'Did you mean phy/B1?'],
    ['sttaus', 'nothing is called "sttaus"', 'Did you mean: labmake status?'],
    [
      'kwd/OLD.kwd',
      'kwd/OLD.kwd cannot be made: what kwd/OLD.kwd was made from is gone',
      'put the source of rule denoise back',
    ],
  ])('%s that nothing matches is refused', (goal, message, hint) => {
    expect(() => named(goal)).toThrow(expect.objectContaining({ message, hint: expect.stringContaining(hint) }))
  })
})

describe('the batches that goals may speak of', () => {
  const ofGoals = (...goals: string[]) => {
    const batches = batchesOfGoals(it.rules.rules, goals, ['B1', 'B11', 'B2'])
    return batches && [...batches]
  }
  test.each([
    ['of a batch, and of those whose names are in its name', ['B11'], ['B1', 'B11']],
    ['of jobs and of targets', ['phy/B2', './kwd/B1.kwd'], ['B1', 'B2']],
    ['of what is called otherwise: none', ['denoize'], []],
    ['of a rule: any', ['B1', 'denoise'], undefined],
    ['of nothing: any', [], undefined],
  ])('are those %s', (_, goals, batches) => {
    expect(ofGoals(...goals)).toEqual(batches)
  })
})

test('what is named comes with all that it needs', () => {
  expect([...withPrerequisites(plan, new Set(['phy/B2']))].sort()).toEqual(['denoise/B2', 'phy/B2'])
})
