import { describe, expect, test } from 'vitest'
import { briefCauseText, causeHint, causeText, reasonText, verdictReason } from '../../src/core/reasons.ts'
import type { Reason } from '../../src/model/plan.ts'
import type { Cause } from '../../src/model/record.ts'

/** One of each kind: a new kind is a compile error here. */
const reasons: Readonly<Record<Reason['kind'], readonly [Reason, string]>> = {
  rebuild: [{ kind: 'rebuild', by: 'ana' }, 'ana asked for it to be made again'],
  'failed-before': [
    { kind: 'failed-before', cause: { kind: 'exit', code: 2 }, at: '' },
    'the last attempt failed: the recipe ended with exit code 2',
  ],
  'target-missing': [{ kind: 'target-missing', path: 'k/B1' }, 'k/B1 is not there yet'],
  'source-newer': [{ kind: 'source-newer', path: 'a', target: 'b' }, 'a is newer than b'],
  'source-changed': [{ kind: 'source-changed', path: 'a' }, 'a changed'],
  'source-added': [{ kind: 'source-added', path: 'a' }, 'a was added'],
  'source-removed': [{ kind: 'source-removed', path: 'a' }, 'a was removed'],
  'uses-changed': [{ kind: 'uses-changed', path: 'a.py' }, 'a.py, which the recipe uses, changed'],
  'recipe-changed': [{ kind: 'recipe-changed', before: 'a\n  b', after: 'c' }, 'the recipe changed, from "a b" to "c"'],
  'param-changed': [
    { kind: 'param-changed', name: 'omit', before: 'Port_2', after: '' },
    'omit changed, from "Port_2" to ""',
  ],
  upstream: [{ kind: 'upstream', job: 'denoise/B1' }, 'denoise/B1 is made again first'],
  'no-source': [{ kind: 'no-source', path: 'in/B1/', state: 'empty' }, 'in/B1/ is empty'],
  unreadable: [{ kind: 'unreadable', problem: 'cannot look at in/B1' }, 'cannot look at in/B1'],
  'no-param': [{ kind: 'no-param', name: 'omit' }, 'omit has no value: add the batch to a manifest in data/manifests/'],
  'row-refused': [
    { kind: 'row-refused', where: 'a.tsv:3', message: 'too wide' },
    'its manifest row was refused (a.tsv:3: too wide)',
  ],
  prerequisite: [{ kind: 'prerequisite', job: 'denoise/B1' }, 'waits for denoise/B1'],
  edited: [{ kind: 'edited', path: 'a' }, 'a was edited since the recipe made it'],
  'up-to-date': [{ kind: 'up-to-date' }, 'up to date'],
  orphaned: [{ kind: 'orphaned', path: 'a' }, 'a is kept, but what it was made from is gone'],
  blocked: [{ kind: 'blocked', job: 'denoise/B1' }, 'denoise/B1 failed'],
}

const causes: Readonly<Record<Cause['kind'], readonly [Cause, string]>> = {
  exit: [{ kind: 'exit', code: 1 }, 'the recipe ended with exit code 1'],
  signal: [{ kind: 'signal', signal: 'SIGKILL' }, 'the recipe was killed by SIGKILL (out of memory?)'],
  timeout: [{ kind: 'timeout', timeoutMs: 5_400_000 }, 'it took longer than its timeout of 1h30'],
  'no-command': [{ kind: 'no-command', command: 'srot', problem: 'none' }, 'srot could not be started: none'],
  'no-start': [
    { kind: 'no-start', problem: 'too many open files' },
    'the recipe could not be started: too many open files',
  ],
  'still-writing': [
    { kind: 'still-writing', path: 'k', process: 'bash' },
    'the recipe ended well, but bash, which it had started, was still writing k',
  ],
  'no-target': [{ kind: 'no-target', target: 'k' }, 'the recipe ended well but did not make k'],
  'no-member': [{ kind: 'no-member', target: 'p/', member: 'x' }, 'the recipe ended well but p/ has no x'],
  'wrong-kind': [{ kind: 'wrong-kind', target: 'p/', expected: 'folder' }, 'the recipe made p/, but not as a folder'],
  'unstable-source': [
    { kind: 'unstable-source', path: 'a' },
    'a changed each time the recipe ran: the recipe writes to its own source, or something else does',
  ],
  'edited-meanwhile': [
    { kind: 'edited-meanwhile', path: 'a' },
    'a was edited while the recipe ran, so the new version was put aside',
  ],
  disk: [{ kind: 'disk', action: 'write', path: 'a', problem: 'no space' }, 'cannot write a: no space'],
  lost: [{ kind: 'lost' }, 'it was lost when labmake or the machine stopped'],
}

test.each(Object.values(reasons))('%j has its text', (reason, text) => {
  expect(reasonText(reason)).toBe(text)
})

test.each(Object.values(causes))('%j has its text', (cause, text) => {
  expect(causeText(cause)).toBe(text)
})

test.each<[Cause, string]>([
  [
    { kind: 'exit', code: 1, says: 'x', because: 'space' },
    'the recipe ended with exit code 1: no space was left on the disk',
  ],
  [{ kind: 'exit', code: 1, because: 'memory' }, 'the recipe ended with exit code 1: memory ran out'],
  [
    { kind: 'exit', code: 126, because: 'words' },
    'the recipe ended with exit code 126: a command was given more words than this system takes at once',
  ],
  [
    { kind: 'signal', signal: 'SIGKILL', because: 'memory' },
    'the recipe was killed by SIGKILL, probably because memory ran out',
  ],
  [
    { kind: 'signal', signal: 'SIGKILL', because: 'killed' },
    'the recipe was killed by SIGKILL, by somebody or by a limit of this machine: memory had not run out',
  ],
])('what is known of why a recipe failed is told with it: %j', (cause, text) => {
  expect(causeText(cause)).toBe(text)
})

test.each<[Cause, string]>([
  [{ kind: 'exit', code: 1, because: 'space' }, 'Free some space'],
  [{ kind: 'exit', code: 126, because: 'words' }, 'xargs -0'],
  [{ kind: 'signal', signal: 'SIGKILL', because: 'memory' }, 'labmake doctor says what fits'],
])('what to do about %j is told', (cause, hint) => {
  expect(causeHint(cause)).toContain(hint)
})

test.each([
  'no-command',
  'no-start',
  'still-writing',
  'no-target',
  'no-member',
  'wrong-kind',
  'unstable-source',
  'edited-meanwhile',
  'disk',
] as const)('what to do about %s is said', (kind) => {
  expect(causeHint(causes[kind][0])).toMatch(/\.$/)
})

test('a long script is shown by its beginning', () => {
  const text = reasonText({ kind: 'recipe-changed', before: 'x'.repeat(1000), after: 'y' })
  expect(text.length).toBeLessThan(220)
  expect(text).toContain('…')
})

describe('the reason to show', () => {
  const stale = [{ kind: 'upstream', job: 'a' }] as const
  const edited = { kind: 'edited', path: 'a' } as const

  test.each([
    [{ state: 'stale', reasons: stale }, 'upstream'],
    [{ state: 'protected', edited, reasons: stale }, 'edited'],
    [{ state: 'up-to-date', edited: undefined, absent: false }, 'up-to-date'],
    [{ state: 'up-to-date', edited, absent: false }, 'edited'],
    [{ state: 'waiting', reason: { kind: 'no-param', name: 'omit' } }, 'no-param'],
    [{ state: 'orphaned', reason: { kind: 'orphaned', path: 'a' } }, 'orphaned'],
  ] as const)('of %j is %s', (verdict, kind) => {
    expect(verdictReason(verdict).kind).toBe(kind)
  })
})

test('a cause that only a newer labmake knows is told as far as it goes', () => {
  const cause = { kind: 'struck-by-lightning' } as unknown as Parameters<typeof causeText>[0]
  expect(causeText(cause)).toBe('it failed (struck-by-lightning, says a newer labmake)')
})

test.each<[Cause, string]>([
  [{ kind: 'exit', code: 1 }, 'exit 1 after 41m00'],
  [{ kind: 'exit', code: 1, says: 'CUDA error' }, 'exit 1 after 41m00: CUDA error'],
  [{ kind: 'signal', signal: 'SIGKILL' }, 'killed by SIGKILL after 41m00 (out of memory?)'],
  [{ kind: 'signal', signal: 'SIGKILL', because: 'memory' }, 'killed by SIGKILL after 41m00 (probably out of memory)'],
  [{ kind: 'signal', signal: 'SIGKILL', because: 'killed' }, 'killed by SIGKILL after 41m00'],
  [{ kind: 'signal', signal: 'SIGKILL', says: 'MemoryError' }, 'killed by SIGKILL after 41m00: MemoryError'],
  [{ kind: 'signal', signal: 'SIGSEGV' }, 'killed by SIGSEGV after 41m00'],
  [{ kind: 'lost' }, 'it was lost when labmake or the machine stopped'],
])('in a list, a failure is said in a few words: %j', (cause, text) => {
  expect(briefCauseText(cause, 2460)).toBe(text)
})
