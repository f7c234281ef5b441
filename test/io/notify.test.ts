import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openSender, type Timeouts } from '../../src/io/notify.ts'
import { networkProblem } from '../../src/io/sending.ts'
import type { Channel, Notice } from '../../src/model/notice.ts'
import { notifier } from '../fakes/notices.ts'
import { smtpServer } from '../fakes/smtpServer.ts'

const notice: Notice = { kind: 'failed', title: 'phy/m1 failed', text: 'Why: it <broke> & died\nlabmake on rig1, /lab' }
const patient: Timeouts = { webhook: 10_000, email: 10_000, command: 10_000 }
const never = new AbortController().signal

afterEach(() => {
  vi.unstubAllEnvs()
})

function send(channel: Channel, { root = tmpdir(), timeouts = {}, signal = never }: SendOptions = {}) {
  return openSender(root, { ...patient, ...timeouts })(notifier({ channel }), notice, signal)
}

interface SendOptions {
  readonly root?: string
  readonly timeouts?: Partial<Timeouts>
  readonly signal?: AbortSignal
}

const failedWith = (problem: unknown, more: object = {}) => ({
  outcome: 'not-sent',
  problem,
  hint: undefined,
  retryInMs: undefined,
  ...more,
})

describe('a webhook', () => {
  const path = '/services/T0AB/s3cret?k=v4lue'
  type Answer = (response: ServerResponse, request: IncomingMessage) => void

  /** A server on loopback; `bodies` are what was posted. */
  async function chat(answer: Answer) {
    const bodies: string[] = []
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (data) => {
        body += data
      })
      request.on('end', () => {
        bodies.push(`${request.method} ${request.headers['content-type']} ${body}`)
        answer(response, request)
      })
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const { port } = server.address() as { port: number }
    const url = `http://127.0.0.1:${port}${path}`
    return {
      bodies,
      url,
      channel: { kind: 'webhook', url: { kind: 'written', text: url } } as const,
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections()
        await new Promise((closed) => server.close(closed))
      },
    }
  }

  const answering =
    (status: number, body = '', headers = {}): Answer =>
    (response) =>
      response.writeHead(status, headers).end(body)

  test('gets a text as Slack takes it, in which nothing can call everybody', async () => {
    await using it = await chat(answering(200, 'ok'))
    expect(await send(it.channel)).toEqual({ outcome: 'sent', but: undefined })
    expect(it.bodies).toEqual([
      `POST application/json ${JSON.stringify({
        text: 'phy/m1 failed\nWhy: it &lt;broke&gt; &amp; died\nlabmake on rig1, /lab',
      })}`,
    ])
  })

  test('may have its address in the environment', async () => {
    await using it = await chat(answering(200))
    vi.stubEnv('LAB_SLACK', it.url)
    const channel = { kind: 'webhook', url: { kind: 'environment', variable: 'LAB_SLACK' } } as const
    expect(await send(channel)).toMatchObject({ outcome: 'sent' })
    vi.stubEnv('LAB_SLACK', undefined)
    expect(await send(channel)).toEqual(
      failedWith('$LAB_SLACK is not set', {
        hint: 'Set LAB_SLACK where the engine is started, then start it anew.',
      }),
    )
    vi.stubEnv('LAB_SLACK', 's3cret')
    expect(await send(channel)).toEqual(
      failedWith('what $LAB_SLACK holds is not an address that notices can be sent to'),
    )
  })

  test('that is broken for a moment takes it the next time', async () => {
    const statuses = [500, 200]
    await using it = await chat((response) => response.writeHead(statuses.shift() ?? 200).end())
    expect(await send(it.channel)).toEqual(failedWith('it answers 500'))
    expect(await send(it.channel)).toMatchObject({ outcome: 'sent' })
  })

  test('that asks to be left alone is, for as long as it says', async () => {
    await using it = await chat(answering(429, 'rate_limited', { 'retry-after': '30' }))
    expect(await send(it.channel)).toEqual(failedWith('it answers 429, rate_limited', { retryInMs: 30_000 }))
  })

  test('that is no more: what it says, and what to do', async () => {
    await using it = await chat(answering(404, 'no_service'))
    expect(await send(it.channel)).toEqual(
      failedWith('it answers 404, no_service', {
        hint: 'Make a new webhook and put its address into the rule file.',
      }),
    )
  })

  test.each<[string, Answer, string]>([
    [
      'repeats its address',
      (response, { url }) => response.writeHead(400).end(`no ${url} here`),
      'it answers 400, no /…/…/…?… here',
    ],
    ['answers with a page', answering(502, '<html>bad gateway</html>'), 'it answers 502'],
    ['sends us elsewhere', answering(302, '', { location: 'http://127.0.0.1:1/' }), 'it answers 302'],
    [
      'talks for ever',
      (response) => response.writeHead(500).write('oh '.repeat(1000)),
      `it answers 500, ${'oh '.repeat(40)}`,
    ],
    ['hangs up', (response) => response.destroy(), 'the connection was cut'],
  ])('that %s', async (_, answer, problem) => {
    await using it = await chat(answer)
    const sending = await send(it.channel)
    expect(sending).toMatchObject({ outcome: 'not-sent', problem: problem.trimEnd() })
    expect(JSON.stringify(sending)).not.toMatch(/s3cret|v4lue/)
  })

  test('that hangs is waited for no longer than it may take', async () => {
    await using it = await chat(() => {})
    expect(await send(it.channel, { timeouts: { webhook: 50 } })).toEqual(
      failedWith('there was no answer within 0.05 s'),
    )
  })

  test('that hangs keeps no engine from ending', async () => {
    const stop = new AbortController()
    await using it = await chat(() => stop.abort())
    expect(await send(it.channel, { signal: stop.signal })).toEqual(failedWith('labmake ended before it was answered'))
  })

  test('where nothing listens', async () => {
    let url = ''
    {
      await using it = await chat(answering(200))
      url = it.url
    }
    const sending = await send({ kind: 'webhook', url: { kind: 'written', text: url } })
    expect(sending).toEqual(failedWith('nothing listens there'))
  })
})

test.each([
  [{ code: 'ENOTFOUND' }, 'there is no such host'],
  [{ code: 'EAI_AGAIN' }, 'the name of the host cannot be looked up just now'],
  [{ code: 'CERT_HAS_EXPIRED' }, 'its certificate is not accepted (CERT_HAS_EXPIRED)'],
  [{ code: 'EODD' }, 'the connection failed (EODD)'],
  [{ message: 'invalid: https://h/s3cret' }, 'the connection failed'],
])('a fault of the network in words, never in its own: %j', (cause, words) => {
  expect(networkProblem(Object.assign(new TypeError('fetch failed'), { cause }))).toBe(words)
})

/** A folder with scripts that can be run, first on the PATH. */
function scripts(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'labmake-notify-'))
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`)
  return {
    folder,
    read: (name: string) => readFileSync(join(folder, name), 'utf8'),
    has: (name: string) => existsSync(join(folder, name)),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}

describe('a command', () => {
  const command = (...words: (Channel & { kind: 'command' })['words']) => ({ kind: 'command', words }) as const
  const text = [{ value: 'text' }] as const

  test('gets the notice as words, whatever is in it, in the folder of the workspace', async () => {
    using it = scripts({ tell: 'pwd > told; for word; do echo "[$word]" >> told; done' })
    const channel = command(['tell'], ['-k'], [{ value: 'kind' }, ':', { value: 'title' }], text)
    expect(await send(channel, { root: it.folder })).toEqual({ outcome: 'sent', but: undefined })
    expect(it.read('told')).toBe(
      `${it.folder}\n[-k]\n[failed:phy/m1 failed]\n[phy/m1 failed\nWhy: it <broke> & died\nlabmake on rig1, /lab]\n`,
    )
  })

  test('that fails: with what it said last, but no address', async () => {
    using _ = scripts({ tell: 'echo one >&2; echo "cannot reach https://h/s3cret" >&2; exit 3' })
    expect(await send(command(['tell']))).toEqual(
      failedWith('the command ended with exit code 3: cannot reach https://…'),
    )
  })

  test('that is killed', async () => {
    using _ = scripts({ tell: 'kill -9 $$' })
    expect(await send(command(['tell']))).toEqual(failedWith('the command was killed by SIGKILL'))
  })

  test('that is not there', async () => {
    expect(await send(command(['no-such-command']))).toEqual(failedWith('there is no command no-such-command here'))
  })

  test('that cannot be started', async () => {
    using it = scripts({ tell: '' })
    writeFileSync(join(it.folder, 'tell'), '#!/no/such/shell\n')
    expect(await send(command(['tell']))).toEqual(failedWith(expect.stringMatching(/^tell could not be started: ./)))
  })

  test('that takes too long is ended with all it started', async () => {
    using it = scripts({ tell: 'sleep 1000 & echo $! > child; wait' })
    expect(await send(command(['tell']), { root: it.folder, timeouts: { command: 200 } })).toEqual(
      failedWith('it took longer than 0.2 s'),
    )
    const child = Number(it.read('child'))
    await vi.waitFor(() => expect(isRunning(child)).toBe(false))
  })

  test('that takes long keeps no engine from ending', async () => {
    using it = scripts({ tell: 'echo > begun; exec sleep 1000' })
    const stop = new AbortController()
    const sending = send(command(['tell']), { root: it.folder, signal: stop.signal })
    await vi.waitFor(() => expect(it.has('begun')).toBe(true))
    stop.abort()
    expect(await sending).toEqual(failedWith('labmake ended meanwhile'))
  })

  test('that leaves something running with its output open has ended', async () => {
    using it = scripts({ tell: 'sleep 1000 & echo $! > child' })
    expect(await send(command(['tell']), { root: it.folder })).toMatchObject({ outcome: 'sent' })
    process.kill(Number(it.read('child')))
  })

  test('that says more than anybody wants to read', async () => {
    using _ = scripts({ tell: 'i=0; while [ $i -lt 20000 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 1' })
    expect(await send(command(['tell']))).toEqual(failedWith('the command ended with exit code 1: line 19999'))
  })
})

/** A process that has ended and that nobody waited for is still listed, as a zombie. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('mail by sendmail', () => {
  const mail = { kind: 'email', to: ['ana@lab.example', 'ben@lab.example'], from: undefined, smtp: undefined } as const

  test('is handed to it with its addresses, as a whole message', async () => {
    using it = scripts({ sendmail: 'echo "$@" > args; cat > mail' })
    expect(await send({ ...mail, from: 'rig@lab.example' }, { root: it.folder })).toMatchObject({ outcome: 'sent' })
    expect(it.read('args')).toBe('-i -f rig@lab.example ana@lab.example ben@lab.example\n')
    const message = it.read('mail')
    expect(message).toMatch(/^From: rig@lab\.example$/m)
    expect(message).toMatch(/^To: ana@lab\.example, ben@lab\.example$/m)
    expect(message).toMatch(/^Subject: \[labmake\] phy\/m1 failed$/m)
    expect(message).toMatch(/^Auto-Submitted: auto-generated$/m)
    expect(message).toContain('\n\nWhy: it <broke> & died\nlabmake on rig1, /lab\n')
    expect(message).not.toContain('\r')
  })

  test('that fails, or hangs', async () => {
    using _ = scripts({ sendmail: 'echo "sendmail: no queue" >&2; exit 75' })
    expect(await send(mail)).toEqual(failedWith('sendmail: the command ended with exit code 75: sendmail: no queue'))
    using __ = scripts({ sendmail: 'exec sleep 1000' })
    expect(await send(mail, { timeouts: { email: 100 } })).toEqual(failedWith('sendmail: it took longer than 0.1 s'))
  })

  test('that does not read what it gets', async () => {
    using _ = scripts({ sendmail: 'exit 0' })
    expect(await send(mail)).toMatchObject({ outcome: 'sent' })
  })

  test('where there is none', async () => {
    vi.stubEnv('PATH', '/nowhere')
    expect(await send(mail)).toEqual(
      failedWith('there is no sendmail on this machine', { hint: 'Write smtp: and the address of your mail server.' }),
    )
  })
})

describe('mail by a server', () => {
  const via = (text: string, from?: string) =>
    ({ kind: 'email', to: ['ana@lab.example', 'ben@lab.example'], from, smtp: { kind: 'written', text } }) as const

  test('is taken by it, under the name and with the password given', async () => {
    await using it = await smtpServer()
    expect(await send(via(`smtp://ana:s3cret@127.0.0.1:${it.port}`, 'rig@lab.example'))).toEqual({
      outcome: 'sent',
      but: undefined,
    })
    expect(it.heard).toEqual([
      expect.stringMatching(/^EHLO /),
      `AUTH PLAIN ${btoa('\0ana\0s3cret')}`,
      'MAIL FROM:<rig@lab.example>',
      'RCPT TO:<ana@lab.example>',
      'RCPT TO:<ben@lab.example>',
      'DATA',
    ])
    expect(it.mails[0]).toContain('Subject: [labmake] phy/m1 failed')
  })

  test.each<[string, Record<string, string>, string, string | undefined]>([
    [
      'does not accept the login, and repeats it',
      { AUTH: `535 not ${btoa('\0ana\0s3cret')} nor s3cret` },
      'the mail server does not accept the login: 535 not … nor …',
      'Check user and password in smtp:',
    ],
    [
      'refuses the sender',
      { MAIL: '553 who is that' },
      'the mail server refuses the message: 553 who is that',
      'If it refuses the sender, write from: and an address of yours.',
    ],
    ['is not ready', { EHLO: '421 later', HELO: '421 later' }, 'the mail server says: 421 later', undefined],
  ])('that %s', async (_, answers, problem, hint) => {
    await using it = await smtpServer(answers)
    const sending = await send(via(`smtp://ana:s3cret@127.0.0.1:${it.port}`))
    expect(sending).toEqual(failedWith(problem, { hint }))
  })

  test('that refuses one of the addresses: the others get it, and it is said', async () => {
    await using it = await smtpServer({ 'RCPT TO:<ben@lab.example>': '550 no such user' })
    expect(await send(via(`smtp://127.0.0.1:${it.port}`))).toEqual({
      outcome: 'sent',
      but: 'the mail server refuses ben@lab.example',
    })
  })

  test('that never answers', async () => {
    await using it = await smtpServer({ EHLO: '' })
    expect(await send(via(`smtp://127.0.0.1:${it.port}`), { timeouts: { email: 100 } })).toEqual(
      failedWith('the mail server did not take it within 0.1 s'),
    )
  })

  test('that is not there', async () => {
    expect(await send(via('smtp://ana:s3cret@127.0.0.1:1'))).toEqual(failedWith('nothing listens there'))
  })
})
