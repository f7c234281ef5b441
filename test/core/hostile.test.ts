import { array, assert, constantFrom, dictionary, jsonValue, oneof, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseFilter } from '../../src/core/filter.ts'
import { strangeFaults } from '../../src/core/graph.ts'
import { parseManifest } from '../../src/core/manifest.ts'
import { isBatchName, neverCounts } from '../../src/core/names.ts'
import { matchPattern, parsePattern } from '../../src/core/pattern.ts'
import { printable } from '../../src/core/printable.ts'
import { expandRecipe, recipePaths } from '../../src/core/recipe.ts'
import { compareStamps } from '../../src/core/stamp.ts'
import { surveyDisk } from '../../src/core/survey.ts'
import { parseYamlRules } from '../../src/io/ruleFiles.ts'
import { UserError } from '../../src/model/errors.ts'
import type { Stamp } from '../../src/model/stamp.ts'
import { parseAction } from '../../src/server/actionSchema.ts'
import { countActs } from '../fakes/acts.ts'
import { fakeDisk } from '../fakes/disk.ts'
import { evilFileNames, evilNames } from '../fakes/evilNames.ts'
import { planOf, ruleSetOf, soundRules } from '../fakes/rules.ts'

// Whatever people, programs and strangers put into names, tables, rule files and requests: it is refused in words or it is
// inert. Nothing here may throw but a UserError, which says what to do.

const evil = oneof(constantFrom(...evilNames), string({ unit: 'binary', maxLength: 40 }))

describe('names of batches', () => {
  test('lead out of no folder, begin no option, and say nothing to a shell or a terminal', () => {
    assert(
      property(evil, (name) => {
        if (!isBatchName(name)) return
        expect(name).toMatch(/^[A-Za-z0-9][\w.+-]*$/)
        expect(name.length).toBeLessThanOrEqual(128)
        expect(printable(name)).toBe(name)
      }),
    )
  })
})

test('a name that is no batch is told of in one line', () => {
  assert(
    property(evil, (name) => {
      const [fault] = strangeFaults([{ path: `data/mat/${name}`, name }])
      expect(printable(fault!.message)).toBe(fault!.message)
    }),
  )
})

describe('manifests', () => {
  test('of any text are read: each row is a batch of a sound name with printable values, or a fault on its line', () => {
    const cell = oneof(evil, constantFrom('B1', 'batch', 'omit', '#', ''))
    const table = array(
      array(cell, { maxLength: 5 }).map((cells) => cells.join('\t')),
      { maxLength: 12 },
    )
    assert(
      property(table, constantFrom('\n', '\r\n', '\r'), (lines, end) => {
        const text = lines.join(end)
        const manifest = parseManifest(text, { file: 'data/manifests/ana.tsv', firstParam: 'omit' })
        for (const { batch, params, where } of manifest.rows) {
          expect(isBatchName(batch)).toBe(true)
          expect(where).toMatch(/^data\/manifests\/ana\.tsv:\d+$/)
          for (const value of params.values()) expect(printable(value)).toBe(value)
        }
        expect(manifest.rows.length + manifest.refused.length + manifest.faults.length).toBeLessThanOrEqual(
          2 * text.length + 2,
        )
      }),
    )
  })

  test.each(evilNames)('with the param %j give it to the recipe as one word, or refuse the row', (value) => {
    const rules = soundRules({
      rules: {
        d: {
          sources: 'mat/{batch}/',
          targets: 'kwd/{batch}',
          params: { omit: '' },
          recipe: 'd {source} --omit {omit} {target}',
        },
      },
    })
    const disk = fakeDisk(() => 0, countActs())
    disk.write('mat/B1/a', 'm')
    const { plan } = planOf(rules, { disk, manifests: { 'data/manifests/ana.tsv': `batch\tomit\nB1\t${value}\n` } })
    for (const { job } of plan.jobs.filter((planned) => planned.job.batch === 'B1')) {
      const { words } = expandRecipe(
        job,
        recipePaths(job, (path) => path),
      )
      expect([words.length, words[0], words[1], words[2], words[4]]).toEqual([5, 'd', 'mat/B1', '--omit', 'kwd/B1'])
      expect(['', value.trim(), value.split(/[\r\n]/)[0]!.trim()]).toContain(words[3])
    }
  })
})

describe('files of sources', () => {
  test.each(evilFileNames.filter((name) => !neverCounts(name)))(
    'named %j count: their coming, changing and going is noticed',
    (name) => {
      const disk = fakeDisk(() => 0, countActs())
      disk.write('mat/B1/a', 'm')
      // As it comes back from the journal.
      const look = () => {
        const snapshot = surveyDisk(disk).snapshot('mat/B1', { isFolder: true, ignore: [] })
        return JSON.parse(JSON.stringify('stamp' in snapshot ? snapshot.stamp : '')) as Stamp
      }
      const without = look()
      disk.write(`mat/B1/${name}`, 'm')
      const small = look()
      disk.write(`mat/B1/${name}`, 'mm')
      const large = look()
      const path = `mat/B1/${name}`
      expect(compareStamps('mat/B1', without, small)).toEqual({ kind: 'added', path })
      expect(compareStamps('mat/B1', small, large)).toEqual({ kind: 'changed', path })
      expect(compareStamps('mat/B1', large, without)).toEqual({ kind: 'removed', path })
      expect(compareStamps('mat/B1', large, look())).toBeUndefined()
    },
  )
})

describe('rule files', () => {
  const key = oneof(
    constantFrom(
      'rules',
      'pools',
      'inbox',
      'notify',
      'quiet',
      'sources',
      'targets',
      'recipe',
      'params',
      'pool',
      'denoise',
    ),
    evil,
  )
  const content = dictionary(
    key,
    oneof(jsonValue(), dictionary(key, oneof(jsonValue(), dictionary(key, jsonValue())))),
    { noNullPrototype: true },
  )

  test('of any content are used or refused whole, with faults in words', () => {
    assert(
      property(content, (data) => {
        const { faults, rules } = ruleSetOf(data)
        expect(faults.length > 0 && rules.length > 0).toBe(false)
        for (const { message } of faults) expect(message).not.toBe('')
      }),
    )
  })

  test('of any text are used or refused whole', () => {
    const word = constantFrom(
      'rules:',
      'pools:',
      '\n',
      '  ',
      '- ',
      '&a ',
      '*a',
      '<<: ',
      '{',
      '}',
      '[',
      ']',
      '!!js/function ',
      '"',
      "'",
      '|',
      '>',
      '#',
      ': ',
      '? ',
      '%YAML 9\n',
      '---\n',
      '\t',
    )
    assert(
      property(array(oneof(word, evil), { maxLength: 30 }), (words) => {
        const file = parseYamlRules('rules/r.yaml', words.join(''))
        expect(file.faults.length > 0 && file.rules.length > 0).toBe(false)
      }),
    )
  })

  test.each([
    [
      'ten million words by aliases',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'abcdefgh'
        .split('')
        .map((c, i, all) =>
          i === 0
            ? ''
            : `${c}: &${c} [${Array(10)
                .fill(`*${all[i - 1]}`)
                .join(',')}]\n`,
        )
        .join('')}`,
    ],
    ['brackets a hundred thousand deep', '['.repeat(100_000)],
    ['maps a hundred thousand deep', '{a: '.repeat(100_000)],
    ['lists five thousand deep, closed', `rules: ${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['an alias of itself', 'rules: &a [*a]'],
    ['an alias of itself in a rule', 'rules: &a { d: *a }'],
    ['keys of every object', 'rules: { __proto__: { x: 1 }, constructor: { prototype: { x: 1 } } }'],
    ['numbers beyond all', 'pools: { cpu: 1e999, ram: -0, gpu: 99999999999999999999 }'],
    ['a merge of everything', 'rules: &r\n  <<: *r\n'],
    ['two documents', 'rules: {}\n---\nrules: {}\n'],
    ['a tag of code', 'rules: !!js/function "function () { return 1 }"'],
    ['sixteen megabytes', `# ${'x'.repeat(16 << 20)}`],
  ])('with %s are refused in words', (_, text) => {
    const { faults, rules } = parseYamlRules('rules/r.yaml', text)
    expect(rules).toEqual([])
    expect(faults).not.toEqual([])
    for (const { message } of faults) expect(message.length).toBeLessThan(1000)
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  test.each(['constructor', 'valueof', 'prototype', 'tostring'])('may name rules, pools and params %s', (name) => {
    const rules = soundRules({
      pools: { [name]: 1 },
      rules: {
        [name]: {
          sources: 'in/{x}.txt',
          targets: 'out/{x}.txt',
          params: { [name]: 'a' },
          pool: name,
          recipe: `cp {source} {target} {${name}} {slots.${name}}`,
        },
      },
    })
    const disk = fakeDisk(() => 0, countActs())
    disk.write('in/a.txt', 'm')
    const { plan } = planOf(rules, { disk })
    expect(plan.errors).toEqual([])
    expect(
      plan.jobs.map(
        ({ job }) =>
          expandRecipe(
            job,
            recipePaths(job, (path) => path),
          ).words,
      ),
    ).toEqual([['cp', 'in/a.txt', 'out/a.txt', 'a', '1']])
  })
})

describe('patterns', () => {
  test('with a wildcard that every object has are refused', () => {
    expect(() => parsePattern('out/{constructor}', { absolute: false })).toThrow('cannot be called "constructor"')
  })

  test.each(evilNames)('of the text %j lead out of no workspace', (text) => {
    for (const written of [text, `out/${text}`, `out/{batch}/${text}`, `${text}/x`]) {
      try {
        const pattern = parsePattern(written, { absolute: false })
        expect(pattern.text.startsWith('/')).toBe(false)
        expect(pattern.text.split('/')).not.toContain('..')
      } catch (error) {
        expect(error).toBeInstanceOf(UserError)
      }
    }
  })

  test.each([
    '*a*a*a*a*a*a*a*a*a*a*b',
    '{x}a{y}a{z}a{w}a{v}a{u}a{t}a{s}b',
    '**/*a/**/*a/**/*a/**/*a/**/*a/**/b',
    '{x}/*a*a*a*a*a*a*b',
  ])(
    'such as %s are refused, or match a name that was made for them within bounds',
    (written) => {
      for (const path of ['a'.repeat(255), Array(60).fill('aaaa').join('/'), `${'a/'.repeat(100)}${'a'.repeat(200)}`]) {
        try {
          matchPattern(parsePattern(written, { absolute: false }), path)
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }
    },
    5000,
  )
})

describe('filters', () => {
  test('of any text are a filter or a fault', () => {
    assert(property(evil, (text) => void parseFilter(text, { rules: ['denoise'], pools: ['ram'] })))
  })

  test('with many stars end on the longest names of batches', () => {
    const parsed = parseFilter(`${'*a'.repeat(40)}*b`, { rules: [], pools: [] })
    const test = 'filter' in parsed ? parsed.filter.words[0]!.test : undefined
    expect(test?.kind === 'name' && test.pattern.test('a'.repeat(128))).toBe(false)
    expect(test?.kind === 'name' && test.pattern.test(`${'a'.repeat(127)}b`)).toBe(true)
  }, 5000)
})

describe('requests', () => {
  test('of any JSON are an action of known words, or refused in words', () => {
    const type = constantFrom('retry', 'cancel', 'take', 'slots', 'stop', 'reorder', 'constructor', '__proto__')
    const request = oneof(
      jsonValue(),
      dictionary(
        oneof(constantFrom('type', 'jobs', 'pool', 'slots', 'drop', 'how', 'says'), evil),
        oneof(type, evil, jsonValue(), array(evil)),
      ),
    )
    assert(
      property(request, (value) => {
        try {
          const action = parseAction(value)
          expect(Object.keys(action).every((key) => /^(type|jobs|says|pool|slots|drop|how)$/.test(key))).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
    )
  })
})
