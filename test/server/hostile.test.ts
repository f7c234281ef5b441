import { connect } from 'node:net'
import { assert, asyncProperty, constantFrom, oneof, string, uint8Array } from 'fast-check'
import { expect, test } from 'vitest'
import { evilNames } from '../fakes/evilNames.ts'
import { serveFake } from './engine.ts'

// What any program of this person's, or of their group's, may write to the socket.

/** Sends bytes, and resolves with what came back once the engine has closed the connection or answered. */
function sendRaw(socket: string, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const connection = connect(socket, () => connection.end(bytes))
    connection.on('data', (chunk) => {
      answer += chunk
    })
    connection.on('close', () => resolve(answer)).on('error', () => undefined)
  })
}

test('bytes that are no request are refused or cut off, and the engine goes on', async () => {
  await using lab = await serveFake()
  const line = oneof(constantFrom(...evilNames), string({ unit: 'binary', maxLength: 60 }))
  await assert(
    asyncProperty(
      oneof(
        uint8Array({ maxLength: 200 }),
        line.map((text) => Buffer.from(`GET /${text} HTTP/1.1\r\nhost: x\r\n\r\n`)),
      ),
      async (bytes) => {
        const answer = await sendRaw(lab.served.socket, bytes)
        expect(answer).not.toMatch(/^HTTP\/1\.1 5/)
      },
    ),
    { numRuns: 60 },
  )
  expect(lab.engine.acted).toEqual([])
  expect((await lab.send({ path: '/' })).status).toBe(200)
})

test.each(evilNames.filter((name) => !/[\ud800]/.test(name)))(
  'an action that names %j asks nothing but what it says',
  async (name) => {
    await using lab = await serveFake()
    const body = JSON.stringify({ type: 'take', drop: name, how: { as: name } })
    const length = { 'content-length': String(Buffer.byteLength(body)) }
    const { status } = await lab.send({ method: 'POST', path: '/actions', headers: length }, body)
    const asked = { action: { type: 'take', drop: name, how: { as: name } }, by: 'somebody' }
    expect([status, lab.engine.acted]).toEqual(name === '' ? [400, []] : [200, [asked]])
  },
)
