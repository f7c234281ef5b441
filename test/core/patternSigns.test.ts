import { expect, test } from 'vitest'
import { matchPattern, parsePattern } from '../../src/core/pattern.ts'

test.each([...'-._+@#,=~^$()[]|!&\'"; %'])(
  'a pattern may have %j beside its wildcard, and it stands for itself',
  (sign) => {
    const pattern = parsePattern(`data/a${sign}{x}${sign}b.txt`, { absolute: false })
    expect(matchPattern(pattern, `data/a${sign}1${sign}b.txt`)).toEqual({ x: '1' })
    expect(matchPattern(pattern, 'data/aa1ab.txt')).toBeUndefined()
  },
)
