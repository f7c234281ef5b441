import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { withoutAddresses, withoutParts } from '../core/secrets.ts'
import type { Notice, Sending } from '../model/notice.ts'
import { findCommand } from './commands.ts'
import { networkProblem, notSent, type SendLimits, sent } from './sending.ts'
import { runShortCommand } from './shortCommand.ts'

const replyKept = 200

export interface Mail {
  readonly to: readonly string[]
  readonly from: string | undefined
  readonly notice: Notice
}

function messageOf({ to, from, notice }: Mail) {
  return {
    to: [...to],
    from: from ?? `labmake@${hostname()}`,
    subject: `[labmake] ${notice.title}`,
    text: `${notice.text}\n`,
    // Nobody is out of office for a machine.
    headers: { 'Auto-Submitted': 'auto-generated' },
  }
}

/** Hands a mail to the server at `smtp://…`. Never rejects. */
export async function mailBySmtp(mail: Mail, server: string, limits: SendLimits): Promise<Sending> {
  const { timeoutMs, signal } = limits
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const { createTransport } = await import('nodemailer')
    const transport = createTransport({ url: server, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs })
    const info = await transport.sendMail({ ...messageOf(mail), signal: AbortSignal.any([signal, timeout]) })
    const refused = info.rejected.join(', ')
    return refused === '' ? sent : { outcome: 'sent', but: `the mail server refuses ${refused}` }
  } catch (error) {
    if (signal.aborted) return notSent('labmake ended before the mail server took it')
    if (timeout.aborted) return notSent(`the mail server did not take it within ${timeoutMs / 1000} s`)
    return smtpProblem(error, mail, server)
  }
}

function smtpProblem(error: unknown, { from }: Mail, server: string): Sending {
  const { code, response } = error as { readonly code?: string; readonly response?: string }
  // Some servers repeat what they were told.
  const reply = withoutAddresses(withoutParts(response ?? '', server))
    .replace(/\s+/g, ' ')
    .slice(0, replyKept)
  const said = reply === '' ? '' : `: ${reply}`
  switch (code) {
    case 'EAUTH':
    case 'ENOAUTH':
      return notSent(`the mail server does not accept the login${said}`, 'Check user and password in smtp:')
    case 'EENVELOPE':
    case 'EMESSAGE': {
      const hint = from === undefined ? 'If it refuses the sender, write from: and an address of yours.' : undefined
      return notSent(`the mail server refuses the message${said}`, hint)
    }
    default:
      return notSent(reply === '' ? networkProblem(error) : `the mail server says${said}`)
  }
}

/** Where systems keep it, outside the PATH of ordinary people. */
const usualPlaces = ['/usr/sbin/sendmail', '/usr/lib/sendmail']

/**
 * Hands a mail to the machine's own sendmail. nodemailer writes the message; its sendmail transport is not used, since it
 * would wait for ever for a sendmail that hangs. Never rejects.
 */
export async function mailBySendmail(mail: Mail, root: string, limits: SendLimits): Promise<Sending> {
  const sendmail = findCommand('sendmail', root) ?? usualPlaces.find((path) => existsSync(path))
  if (sendmail === undefined) {
    return notSent('there is no sendmail on this machine', 'Write smtp: and the address of your mail server.')
  }
  const { createTransport } = await import('nodemailer')
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'unix' })
  const { message } = await composer.sendMail(messageOf(mail))
  const sender = mail.from === undefined ? [] : ['-f', mail.from]
  // -i: a line that is a single dot does not end the message.
  const words = [sendmail, '-i', ...sender, ...mail.to]
  const problem = await runShortCommand({ words, input: Buffer.from(message as Buffer), root, limits })
  return problem === undefined ? sent : notSent(`sendmail: ${problem}`)
}
