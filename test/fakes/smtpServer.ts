import { createServer } from 'node:net'

/** A mail server on loopback that takes everything, but what `answers` says: `{ 'RCPT TO:<ben@lab>': '550 no such user' }`. */
export async function smtpServer(answers: Readonly<Record<string, string>> = {}) {
  const heard: string[] = []
  const mails: string[] = []
  const server = createServer((socket) => {
    let rest = ''
    let mail: string[] | undefined
    const say = (line: string) => socket.write(`${line}\r\n`)
    const hear = (line: string) => {
      if (mail !== undefined) {
        if (line !== '.') return mail.push(line)
        mails.push(mail.join('\n'))
        mail = undefined
        return say('250 taken')
      }
      heard.push(line)
      const answer = Object.entries(answers).find(([beginning]) => line.startsWith(beginning))?.[1]
      if (answer !== undefined) return say(answer)
      if (line.startsWith('EHLO')) return say('250-lab\r\n250 AUTH PLAIN LOGIN')
      if (line.startsWith('AUTH')) return say('235 welcome')
      if (line === 'DATA') mail = []
      return say(line === 'DATA' ? '354 go on' : line === 'QUIT' ? '221 bye' : '250 ok')
    }
    say('220 lab')
    socket.on('error', () => {})
    socket.on('data', (data) => {
      const lines = (rest + data.toString()).split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) hear(line)
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  return {
    port,
    heard,
    mails,
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => server.close(() => closed())),
  }
}
