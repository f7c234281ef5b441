import { expect, test } from 'vitest'
import { signs } from '../../src/core/signs.ts'

const all = Object.values(signs)

test('every state has a sign of its own, in ASCII too', () => {
  expect(new Set(all.map(({ unicode }) => unicode)).size).toBe(all.length)
  expect(new Set(all.map(({ ascii }) => ascii)).size).toBe(all.length)
  expect(all.every(({ ascii }) => /^[!-~]$/.test(ascii))).toBe(true)
})

test('no sign has an emoji form, which some terminals draw over two columns', () => {
  expect(all.filter(({ unicode }) => /\p{Emoji}/u.test(unicode))).toEqual([])
})

test('nothing is told by red against green', () => {
  expect(signs.failed.color).toBe('red')
  expect(signs.running.color).toBe('cyan')
  expect(all.filter(({ color }) => color === 'green')).toEqual([signs.done])
})
