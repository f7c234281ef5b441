import type { StandingAnswer } from '../model/standing.ts'
import type { Asker } from './ask.ts'
import { headers, protocol } from './protocol.ts'
import { readSocketPlace } from './socketPlace.ts'

/** The engine plans what changed before it answers: for a hundred thousand jobs on a slow disk that takes minutes. */
const patienceMs = 300_000

/**
 * Asks an engine how goals stand, and nothing else: most who say labmake find nothing to do, and need not follow anything.
 * Undefined for whatever is no plain answer; who asks in the usual way is told why. Without Node's HTTP, which takes a third
 * of such a run to load: of HTTP/1.0, all that comes after an empty line is the answer.
 */
export async function askStanding(asker: Asker, goals: readonly string[]): Promise<StandingAnswer | undefined> {
  const text = await post(asker, JSON.stringify({ type: 'build', jobs: goals })).catch(() => undefined)
  const [head = '', body] = text?.split(/\r\n\r\n(.*)/s) ?? []
  const isOurs = new RegExp(`^${headers.protocol}: ${protocol}\r?$`, 'im').test(head)
  return body !== undefined && isOurs && /^HTTP\/1\.\d 200 /.test(head) ? JSON.parse(body) : undefined
}

/** All that the engine of a workspace sends back. Rejects where it sends nothing whole. */
function post({ root, version, user }: Asker, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const place = readSocketPlace(root)
    if (place === undefined) throw new Error('no engine listens')
    // Not imported: most runs that load this find no engine, and need no sockets.
    const socket = process.getBuiltinModule('node:net').connect(place.socket)
    let text = ''
    socket.setEncoding('utf8')
    socket.setTimeout(patienceMs, () => socket.destroy(new Error('no answer')))
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('end', () => resolve(text))
    const lines = [
      'POST /standing HTTP/1.0',
      'host: localhost',
      `${headers.version}: ${version}`,
      `${headers.protocol}: ${protocol}`,
      `${headers.user}: ${encodeURIComponent(user)}`,
      `content-length: ${Buffer.byteLength(body)}`,
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  })
}
