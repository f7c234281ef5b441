import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseYamlRules } from '../src/io/ruleFiles.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const examples = [...read('README.md').matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? '')

describe('every rule file in the README is right', () => {
  test.each(examples.map((text) => [text.split('\n')[0], text]))('%s', (_, text) => {
    const { faults, rules } = parseYamlRules('README.md', text as string)
    expect(faults).toEqual([])
    expect(rules.length).toBeGreaterThan(0)
  })
})

test('the shipped rule file is right', () => {
  expect(parseYamlRules('rules/ephys.yaml', read('rules/ephys.yaml')).faults).toEqual([])
})
