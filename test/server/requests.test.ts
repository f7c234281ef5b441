import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Action } from '../../src/model/action.ts'
import { UserError } from '../../src/model/errors.ts'
import { DiskFault } from '../../src/model/ports.ts'
import type { JournalRecord } from '../../src/model/record.ts'
import { askStanding } from '../../src/server/askStanding.ts'
import { emptyStanding, fakeEngine, type Lab, serveFake } from './engine.ts'

const post = (lab: Lab, body: string, headers: Record<string, string> = {}) =>
  lab.send({ method: 'POST', path: '/actions', headers }, body)

describe('actions', () => {
  const actions: readonly Action[] = [
    { type: 'retry', jobs: ['denoise/B1', 'phy/B1'] },
    { type: 'cancel', jobs: ['denoise/B1'] },
    { type: 'hold', jobs: ['denoise/B1'] },
    { type: 'release', jobs: ['denoise/B1'] },
    { type: 'first', jobs: ['denoise/B1'] },
    { type: 'later', jobs: ['denoise/B1'] },
    { type: 'accept', jobs: ['denoise/B1'] },
    { type: 'rebuild', jobs: ['denoise/B1'] },
    { type: 'build', jobs: [] },
    { type: 'pause', pool: 'ram' },
    { type: 'resume', pool: 'ram' },
    { type: 'slots', pool: 'ram', slots: 0 },
    { type: 'slots', pool: 'ram', slots: 'declared' },
    { type: 'size', pool: 'ram', bytes: 80e9 },
    { type: 'size', pool: 'ram', bytes: 'declared' },
    { type: 'take', drop: 'B7', how: 'as-it-is' },
    { type: 'take', drop: 'B7', how: { as: 'B8' } },
    { type: 'stop', jobs: 'leave' },
  ]
  test.each(actions)('$type reaches the engine as it was asked', async (action) => {
    await using lab = await serveFake()
    const result = await (await lab.connect({ user: 'Zoë 田' })).act(action)
    expect(lab.engine.acted).toEqual([{ action, by: 'Zoë 田' }])
    expect(result).toEqual({ done: true, text: 'Held 1 job.', count: 1 })
  })

  test.each([
    ['{"type":"hold"', /^an action is JSON, and this is not: /],
    ['[]', 'this is no action: it has no type'],
    ['{"type":7}', 'this is no action: it has no type'],
    ['{"type":"toString"}', 'the engine knows no action "toString"'],
    ['{"type":"hold"}', 'the action hold is wrong at jobs: expected a list of job ids'],
    ['{"type":"hold","jobs":["a",""]}', 'the action hold is wrong at jobs.1: expected the id of a job'],
    ['{"type":"hold","jobs":["a"],"force":true}', 'the action hold is wrong: it has no force'],
    [
      '{"type":"slots","pool":"ram","slots":-1}',
      'the action slots is wrong at slots: expected a number of slots, 0 or more, or "declared"',
    ],
    [
      '{"type":"take","drop":"B7","how":"now"}',
      'the action take is wrong at how: expected "as-it-is", "replace" or {"as": NAME}',
    ],
    ['{"type":"stop","jobs":"kill"}', 'the action stop is wrong at jobs: expected leave or end'],
  ])('%s is refused in words', async (body, error) => {
    await using lab = await serveFake()
    const { status, json } = await post(lab, body)
    expect(status).toBe(400)
    expect(json.error).toEqual(typeof error === 'string' ? error : expect.stringMatching(error))
    expect(lab.engine.acted).toEqual([])
  })

  test('a mistyped action is told its name', async () => {
    await using lab = await serveFake()
    expect((await post(lab, '{"type":"hodl"}')).json.hint).toBe('Did you mean hold?')
  })

  test('an action longer than any real one is refused before it is read', async () => {
    await using lab = await serveFake()
    const { status, json } = await post(lab, ' '.repeat((8 << 20) + 1))
    expect(status).toBe(413)
    expect(json.error).toBe('an action may be 8388608 bytes long, this one is 8388609')
  })

  test('an action that does not say how long it is is refused', async () => {
    await using lab = await serveFake()
    const { status } = await post(lab, '{"type":"hold","jobs":[]}', { 'transfer-encoding': 'chunked' })
    expect(status).toBe(411)
    expect(lab.engine.acted).toEqual([])
  })

  test.each([
    ['', 'somebody'],
    ['%E0%A4', 'somebody'],
    ['a%1B%5B31m', 'somebody'],
    ['x'.repeat(65), 'somebody'],
    ['ana', 'ana'],
  ])('who says to be "%s" is written down as %s', async (header, by) => {
    await using lab = await serveFake()
    await post(lab, '{"type":"hold","jobs":[]}', { 'labmake-user': header })
    expect(lab.engine.acted.map((a) => a.by)).toEqual([by])
  })

  test('a fault of the person that the engine finds is told with its hint', async () => {
    const engine = fakeEngine({
      act: () => Promise.reject(new UserError('there is no pool rma', { hint: 'Did you mean ram?' })),
    })
    await using lab = await serveFake(engine)
    const asked = (await lab.connect()).act({ type: 'pause', pool: 'rma' })
    await expect(asked).rejects.toMatchObject({
      name: 'UserError',
      message: 'there is no pool rma',
      hint: 'Did you mean ram?',
    })
  })

  test('a fault of the disk is told as such', async () => {
    const engine = fakeEngine({
      act: () => Promise.reject(new DiskFault('write', '.labmake/journal.jsonl', 'no space left')),
    })
    await using lab = await serveFake(engine)
    const asked = (await lab.connect()).act({ type: 'pause', pool: 'ram' })
    await expect(asked).rejects.toMatchObject({
      name: 'UserError',
      message: 'cannot write .labmake/journal.jsonl: no space left',
    })
  })

  test('a defect of the engine answers with what it was, and the engine goes on', async () => {
    const engine = fakeEngine({ act: () => Promise.reject(new TypeError('x is not a function')) })
    await using lab = await serveFake(engine)
    const { status, json } = await post(lab, '{"type":"hold","jobs":[]}')
    expect(status).toBe(500)
    expect(json.error).toMatch(/^TypeError: x is not a function\n {4}at /)
    expect((await lab.send({ path: '/' })).status).toBe(200)
  })
})

describe('jobs', () => {
  const detail = { command: 'c', sources: [], targets: [], params: {}, why: [], attempts: [] }

  test('a job is found by its id, whatever is in it', async () => {
    await using lab = await serveFake(fakeEngine({ detail: (id) => ({ id, ...detail }) }))
    const client = await lab.connect()
    const rest = fc.string({ unit: fc.constantFrom(...'/%.?#&+ äß田😀~\\:2F'), minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(rest, async (tail) => {
        const id = `phy/${tail}`
        expect((await client.detail(id))?.id).toBe(id)
      }),
    )
  })

  test('a job that is not there is undefined', async () => {
    await using lab = await serveFake()
    expect(await (await lab.connect()).detail('phy/B1')).toBeUndefined()
  })

  test('who types the address by hand may leave the slash as it is', async () => {
    await using lab = await serveFake(fakeEngine({ detail: (id) => ({ id, ...detail }) }))
    expect((await lab.send({ path: '/jobs/phy/B1' })).json.id).toBe('phy/B1')
  })

  test('an id that no encoder made is no job', async () => {
    await using lab = await serveFake(fakeEngine({ detail: (id) => ({ id, ...detail }) }))
    expect((await lab.send({ path: '/jobs/phy%2' })).status).toBe(404)
  })
})

describe('history', () => {
  const records = Array.from(
    { length: 2_000 },
    (_, i): JournalRecord => ({ type: 'started', at: '2026-08-10T12:00:00Z', job: 'phy/B1', target: 't', attempt: i }),
  )
  const engine = () => fakeEngine({ history: (limit) => records.slice(-limit) })

  test('is the last records, newest last', async () => {
    await using lab = await serveFake(engine())
    expect(await (await lab.connect()).history(2)).toEqual(records.slice(-2))
  })

  test('is a thousand records at the most', async () => {
    await using lab = await serveFake(engine())
    expect(await (await lab.connect()).history(5_000)).toHaveLength(1_000)
  })

  test('refuses a limit that is no number', async () => {
    await using lab = await serveFake(engine())
    expect((await lab.send({ path: '/history?limit=-1' })).status).toBe(400)
  })
})

test('advice is what the engine says of its pools', async () => {
  const advice = { rule: 'denoise', pool: 'ram', text: 'denoise has peaked', isTooMuch: true, hint: 'Write more.' }
  await using lab = await serveFake(fakeEngine({ advice: () => [advice] }))
  expect(await (await lab.connect()).advice()).toEqual([advice])
})

describe('who may ask', () => {
  test.each(['GET', 'POST'])('a web page may not: %s', async (method) => {
    await using lab = await serveFake()
    const headers = { origin: 'http://localhost:8080' }
    const { status, json } = await lab.send({ method, path: method === 'GET' ? '/snapshot' : '/actions', headers })
    expect(status).toBe(403)
    expect(json).toEqual({ error: 'web pages may not talk to the engine' })
  })

  test('every answer says of which labmake it is, a refusal too', async () => {
    await using lab = await serveFake()
    for (const path of ['/', '/snapshot', '/nothing', '/jobs/none']) {
      const { headers } = await lab.send({ path })
      expect([path, headers['labmake-version'], headers['labmake-protocol']]).toEqual([path, '0.2.0', '1'])
    }
  })
})

describe('versions', () => {
  test('a client of the same version is told nothing', async () => {
    await using lab = await serveFake()
    const client = await lab.connect({ version: '0.2.0' })
    expect([client.version, client.difference]).toEqual(['0.2.0', undefined])
  })

  test('a client of another version and the same protocol is told so and goes on', async () => {
    await using lab = await serveFake()
    const client = await lab.connect({ version: '0.3.0' })
    expect(client.difference).toEqual({
      compatible: true,
      message: 'this engine is labmake 0.2.0, you are 0.3.0; they understand each other',
      hint: 'For one version of both, end it with labmake engine stop: its jobs go on, and the next engine takes them over.',
    })
    expect((await client.board()).jobs.size).toBe(0)
  })

  const foreign = { 'labmake-protocol': '2', 'labmake-version': '0.3.0' }

  test('a client of another protocol is refused in words', async () => {
    await using lab = await serveFake()
    const { status, json } = await lab.send({ path: '/snapshot', headers: foreign })
    expect(status).toBe(426)
    expect(json).toEqual({
      error: 'this engine is labmake 0.2.0, you are 0.3.0',
      hint: 'End it with labmake engine stop: its jobs go on, and the next engine takes them over.',
    })
  })

  test('of a client of another protocol the engine takes no action but the one that ends it', async () => {
    await using lab = await serveFake()
    expect((await post(lab, '{"type":"hold","jobs":["a"]}', foreign)).status).toBe(426)
    expect((await post(lab, '{"type":"stop","jobs":"leave"}', foreign)).status).toBe(200)
    expect(lab.engine.acted.map(({ action }) => action.type)).toEqual(['stop'])
  })
})

describe('standing', () => {
  const ask = (lab: Lab, action: unknown) => lab.send({ method: 'POST', path: '/standing' }, JSON.stringify(action))

  test('is asked for as one would ask for a build, and does nothing', async () => {
    await using lab = await serveFake()
    const { status, json } = await ask(lab, { type: 'build', jobs: ['B1'] })
    expect({ status, json }).toEqual({
      status: 200,
      json: { standing: emptyStanding, rest: 'Nothing of this is to be made now.' },
    })
    expect(lab.engine.acted).toEqual([])
  })

  test('of anything but a build is refused', async () => {
    await using lab = await serveFake()
    expect(await ask(lab, { type: 'stop', jobs: 'end' })).toMatchObject({ status: 400 })
    expect(lab.engine.acted).toEqual([])
  })

  test('is given to who asks for nothing else', async () => {
    const faults = [{ where: 'rules/ü.yaml', message: 'ist kein YAML: „x“' }]
    const standing = async () => ({ standing: { ...emptyStanding, faults }, rest: undefined })
    await using lab = await serveFake(fakeEngine({ standing }))
    const asker = { root: lab.root, version: '0.2.0', user: 'bén' }
    expect(await askStanding(asker, ['ü'])).toEqual({ standing: { ...emptyStanding, faults } })
  })

  test('that is refused is no answer: who asks in the usual way is told why', async () => {
    const standing = () => Promise.reject(new UserError('nothing is called "B9"', { hint: 'Known: B1.' }))
    await using lab = await serveFake(fakeEngine({ standing }))
    expect(await askStanding({ root: lab.root, version: '0.2.0', user: 'ben' }, ['B9'])).toBeUndefined()
  })

  test('where no engine listens there is no answer', async () => {
    await using lab = await serveFake()
    const asker = { root: lab.root, version: '0.2.0', user: 'ben' }
    expect(await askStanding(asker, [])).toMatchObject({ standing: emptyStanding })
    await lab.served.close()
    expect(await askStanding(asker, [])).toBeUndefined()
  })
})
