import { describe, expect, test } from 'vitest'
import {
  areApart,
  expandPattern,
  foldersAbove,
  isBelow,
  matchPattern,
  parsePattern,
  patternGlob,
  patternShape,
} from '../../src/core/pattern.ts'
import { UserError } from '../../src/model/errors.ts'

const parse = (text: string) => parsePattern(text, { absolute: true })
const match = (pattern: string, path: string) => matchPattern(parse(pattern), path)

function fault(text: string, absolute = false): { message: string; hint: string | undefined } {
  try {
    parsePattern(text, { absolute })
  } catch (error) {
    if (error instanceof UserError) return { message: error.message, hint: error.hint }
    throw error
  }
  throw new Error(`${text} is accepted`)
}

describe('reading', () => {
  test('a trailing slash is a folder', () => {
    expect(parse('data/mat/{batch}/')).toMatchObject({ text: 'data/mat/{batch}', isFolder: true, wildcards: ['batch'] })
    expect(parse('data/mat/{batch}')).toMatchObject({ isFolder: false })
  })

  test('a leading ./ says nothing', () => {
    expect(parse('./././data/a')).toMatchObject({ text: 'data/a' })
  })

  test.each([
    ['a/{x}/{y}-{x}', ['x', 'y'], false],
    ['a/*.mat', [], true],
    ['a/**/{x}.mat', ['x'], true],
    ['a/b', [], false],
  ])('%s has the wildcards %j', (text, wildcards, gathers) => {
    expect(parse(text)).toMatchObject({ wildcards, gathers })
  })

  test.each([
    ['', '"" names no file or folder', 'below the workspace'],
    ['.', '"." names no file or folder', 'below the workspace'],
    ['///', '"///" names no file or folder', 'below the workspace'],
    ['/abs/x', '"/abs/x" is an absolute path', 'without the leading slash'],
    ['a//b', '"a//b" has an empty part between slashes', ''],
    ['a/../b', '"a/../b" has ".." in it', 'go down'],
    ['a/./b', '"a/./b" has "." in it', 'go down'],
    ['a/x**', '"a/x**": ** must stand alone between slashes', ''],
    ['a/{Batch}', '"{Batch}" in "a/{Batch}" is not a wildcard', 'small letters, digits and _'],
    ['a/{mat,kwd}', '"{mat,kwd}" in "a/{mat,kwd}" is not a wildcard', 'write two patterns'],
    ['a/{batch', '"{batch" in "a/{batch" is not a wildcard', 'A wildcard is {name}'],
    ['a/{}', '"{}" in "a/{}" is not a wildcard', 'A wildcard is {name}'],
    ['a/batch}', '"a/batch}" has a } without its {', ''],
    ['a/{x}{y}', '"a/{x}{y}": nothing stands between {y} and what is before it', 'Put a letter or sign'],
    ['a/*{y}', '"a/*{y}": nothing stands between {y} and what is before it', 'Put a letter or sign'],
    ['a\nb', 'a path holds a line end or a NUL', ''],
    ['a\0b', 'a path holds a line end or a NUL', ''],
  ])('%j is refused: %s', (text, message, hint) => {
    expect(fault(text).message).toBe(message)
    expect(fault(text).hint ?? '').toContain(hint)
  })

  test('what is read may lie on another disk, targets may not', () => {
    expect(parsePattern('/store/{batch}/', { absolute: true })).toMatchObject({ text: '/store/{batch}' })
    expect(fault('/store/{batch}/', false).message).toContain('absolute')
  })
})

describe('matching', () => {
  test.each([
    ['data/mat/{batch}', 'data/mat/B1', { batch: 'B1' }],
    ['data/{batch}/{n}.mat', 'data/B1/a b.mat', { batch: 'B1', n: 'a b' }],
    ['data/{x}-{y}', 'data/a-b-c', { x: 'a-b', y: 'c' }],
    ['a/{batch}/{batch}.mat', 'a/B1/B1.mat', { batch: 'B1' }],
    ['a/**/{batch}.mat', 'a/B1.mat', { batch: 'B1' }],
    ['a/**/{batch}.mat', 'a/deep/er/B1.mat', { batch: 'B1' }],
    ['a/*/x', 'a/any thing/x', {}],
    ['a/(b)+[c].txt', 'a/(b)+[c].txt', {}],
    ['/store/{batch}', '/store/B1', { batch: 'B1' }],
    ['a/{name}', "a/it's $HOME; rm -rf", { name: "it's $HOME; rm -rf" }],
    ['a/{name}', 'a/Größe µV', { name: 'Größe µV' }],
  ])('%s matches %s', (pattern, path, binding) => {
    expect(match(pattern, path)).toEqual(binding)
  })

  test.each([
    ['a/{batch}', 'a/B1/x'],
    ['a/{batch}', 'a/'],
    ['a/{batch}', 'a/.hidden'],
    ['a/{batch}', 'a/-rf'],
    ['a/{batch}', 'a/B 1'],
    ['a/{batch}', 'a/B;1'],
    ['a/{batch}', `a/${'x'.repeat(129)}`],
    ['a/{name}', 'a/-rf'],
    ['a/{name}', 'a/.hidden'],
    ['a/{name}', 'a/two\nlines'],
    ['a/{batch}/{batch}.mat', 'a/B1/B2.mat'],
    ['a/*.mat', 'a/.b.mat'],
    ['a/**/x', 'a/.git/x'],
    ['a.mat', 'aXmat'],
    ['a/b', 'a/b/c'],
  ])('%s does not match %s', (pattern, path) => {
    expect(match(pattern, path)).toBeUndefined()
  })

  test('a dot in the middle of a pattern’s own text may begin a name', () => {
    expect(match('a/.cache/{name}', 'a/.cache/x')).toEqual({ name: 'x' })
  })
})

test('wildcards are filled in with what they are bound to, whatever it holds', () => {
  expect(expandPattern(parse('a/{x}/{y}.mat'), { x: '{y}', y: '$&' })).toBe('a/{y}/$&.mat')
})

test('a wildcard without a value stays', () => {
  expect(expandPattern(parse('a/{x}/{y}'), { x: '1' })).toBe('a/1/{y}')
})

test.each([
  ['a/{x}/*.mat', { x: 'B1' }, 'a/B1/*.mat'],
  ['a/{x}/*.mat', {}, 'a/*/*.mat'],
  ['a/**/{x}', { x: 'b[1]*?' }, 'a/**/b\\[1\\]\\*\\?'],
  ['a (1)/{x}!', { x: 'y' }, 'a \\(1\\)/y\\!'],
  ['/s/*', {}, '/s/*'],
])('%s with %j is the glob %s', (pattern, binding, glob) => {
  expect(patternGlob(parse(pattern), binding as Record<string, string>)).toBe(glob)
})

test('patterns have one shape whatever their wildcards are called', () => {
  expect(patternShape(parse('a/{x}.kwd'))).toBe(patternShape(parse('a/{batch}.kwd')))
  expect(patternShape(parse('a/{x}.kwd'))).not.toBe(patternShape(parse('a/{x}.kwx')))
})

test('a path is below a folder only past its slash', () => {
  expect(isBelow('a/bc/d', 'a/bc')).toBe(true)
  expect(isBelow('a/bcd', 'a/bc')).toBe(false)
  expect(isBelow('a/bc', 'a/bc')).toBe(false)
})

test('folders above a path come nearest first', () => {
  expect([...foldersAbove('a/b/c')]).toEqual(['a/b', 'a'])
  expect([...foldersAbove('/a/b')]).toEqual(['/a'])
  expect([...foldersAbove('a')]).toEqual([])
})

test('of folders above a path, only those are named that are long enough', () => {
  expect(foldersAbove('a/b/c/d', 3)).toEqual(['a/b/c', 'a/b'])
  expect(foldersAbove('a/b', 2)).toEqual([])
  expect(foldersAbove('/a/b', 0)).toEqual(['/a'])
})

test.each([
  ['data/mat/{batch}/', 'data/kwd/{batch}.kwd', true],
  ['data/{x}/{batch}', 'data/kwd/{batch}.kwd', false],
  ['data/kwd/', 'data/kwd/{batch}.kwd', false],
  ['{batch}/x', 'data/kwd/{batch}.kwd', false],
])('do their beginnings keep paths of %s and %s apart: %s', (a, b, expected) => {
  expect(areApart(parse(a), parse(b))).toBe(expected)
  expect(areApart(parse(b), parse(a))).toBe(expected)
})
