import { expect, test } from 'vitest'
import { parseRuleFile, type RuleFile } from '../../src/core/ruleFile.ts'
import { rulesInUse } from '../../src/core/rulesInUse.ts'
import { locateIn } from '../fakes/rules.ts'

const rule = (target: string, more: object = {}) => ({ sources: 'in/{batch}', targets: target, recipe: 'r', ...more })
const file = (name: string, content: unknown): RuleFile => parseRuleFile(name, content, locateIn(name))
/** What is in use after the files were read one time after the other; four processors. */
function read(...times: readonly (readonly RuleFile[])[]) {
  let inUse = rulesInUse(undefined, times[0]!, 4)
  for (const files of times.slice(1)) inUse = rulesInUse(inUse, files, 4)
  return inUse.rules
}
const inForce = ({ rules }: ReturnType<typeof read>) =>
  rules.map(({ name, recipe }) => `${name} ${JSON.stringify(recipe)}`)

const ana = file('ana.yaml', { pools: { ram: 2 }, rules: { one: rule('one/{batch}', { pool: 'ram' }) } })
const ben = file('ben.yaml', { rules: { two: rule('two/{batch}') } })
const benChanged = file('ben.yaml', { rules: { two: rule('two/{batch}', { recipe: 'better' }) } })
const stays = 'Until it is mended, the rules stay in use as they were before the change.'

test('a file that is faulty stays in use as it was, and what others changed is used', () => {
  const rules = read([ana, ben], [file('ana.yaml', { rules: 'none' }), benChanged])
  expect(inForce(rules)).toEqual(inForce(read([ana, benChanged])))
  expect(rules.faults).toMatchObject([{ hint: expect.stringContaining(stays) }])
})

test.each([
  [
    'names a pool that there is not',
    { pools: { ram: 2 }, rules: { one: rule('one/{batch}', { pool: 'rma' }) } },
    '"rma"',
  ],
  ['takes the pool away', { rules: { one: rule('one/{batch}', { pool: 'ram' }) } }, '"ram"'],
  ['has too few slots', { pools: { ram: 2 }, rules: { one: rule('one/{batch}', { pool: { ram: 3 } }) } }, '3 slots'],
  ['takes a name', { pools: { ram: 2 }, rules: { one: rule('one/{batch}'), two: rule('x/{batch}') } }, 'rule two'],
  ['takes a target', { pools: { ram: 2 }, rules: { one: rule('two/{batch}') } }, 'two rules make'],
])('a change that %s puts no rule out of force, and is told', (_, content, message) => {
  const rules = read([ana, ben], [file('ana.yaml', content), benChanged])
  expect(inForce(rules)).toEqual(inForce(read([ana, benChanged])))
  expect(rules.faults).not.toEqual([])
  for (const fault of rules.faults) {
    expect(fault.message).toContain(message)
    expect(fault.hint).toContain(stays)
    expect(fault.hint).not.toContain('Until then')
  }
})

test('a file that comes and clashes with others is not used', () => {
  const rules = read(
    [ana, ben],
    [ana, ben, file('cem.yaml', { rules: { two: rule('x/{batch}'), three: rule('y/{batch}') } })],
  )
  expect(inForce(rules)).toEqual(inForce(read([ana, ben])))
  expect(rules.faults).toMatchObject([{ where: 'cem.yaml (rules.two)' }, { where: 'ben.yaml (rules.two)' }])
})

test('of two changes that clash only together one is kept back', () => {
  const both = [
    file('ana.yaml', { rules: { one: rule('x/{batch}') } }),
    file('ben.yaml', { rules: { two: rule('x/{batch}') } }),
  ]
  const anaAlone = file('ana.yaml', { rules: { one: rule('one/{batch}') } })
  expect(inForce(read([anaAlone, ben], both))).toHaveLength(2)
})

test('once it is mended it is used, and nothing is said of it any more', () => {
  const broken = file('ana.yaml', { rules: { one: rule('one/{batch}', { pool: 'rma' }) } })
  const mended = file('ana.yaml', { rules: { one: rule('one/{batch}', { recipe: 'new' }) } })
  const rules = read([ana, ben], [broken, ben], [broken, ben], [mended, ben])
  expect(rules.faults).toEqual([])
  expect(inForce(rules)).toEqual(inForce(read([mended, ben])))
})

test('what is faulty from the start is not in use', () => {
  const broken = file('ana.yaml', { rules: { one: rule('one/{batch}', { pool: 'rma' }) } })
  expect(inForce(read([broken, ben], [broken, ben]))).toEqual(inForce(read([ben])))
})

test('a rule that is taken out of a file goes', () => {
  expect(inForce(read([ana, ben], [file('ana.yaml', {}), ben]))).toEqual(inForce(read([ben])))
})

test('where nothing can be kept, what is sound is used', () => {
  const user = file('ben.yaml', { rules: { two: rule('two/{batch}', { pool: 'ram' }) } })
  const rules = read([ana, user], [user])
  expect(rules.rules).toEqual([])
  expect(rules.faults[0]?.hint).not.toContain(stays)
})
