import { isMailServer, isWebhook } from '../core/secrets.ts'
import { assertNever } from '../model/errors.ts'
import type { Channel, Notice, NoticeWord, Notifier, Secret, Sending } from '../model/notice.ts'
import { mailBySendmail, mailBySmtp } from './mail.ts'
import { notSent, sent, wholeText } from './sending.ts'
import { runShortCommand } from './shortCommand.ts'
import { postNotice } from './webhook.ts'

export type SendNotice = (notifier: Notifier, notice: Notice, signal: AbortSignal) => Promise<Sending>

/** ms that each way of sending may take, by the kind of its channel. */
export type Timeouts = Readonly<Record<Channel['kind'], number>>

/** Chat servers answer within a second; mail servers that delay strangers on purpose take half a minute to greet. */
const usualTimeouts: Timeouts = { webhook: 15_000, email: 60_000, command: 30_000 }

/**
 * Sends notices from the workspace `root`, each once, within a bounded time. Secrets are taken from the environment when they
 * are needed, and go only to where they belong. The function never rejects.
 */
export function openSender(root: string, timeouts: Timeouts = usualTimeouts): SendNotice {
  return async ({ channel }, notice, signal) => {
    const limits = { timeoutMs: timeouts[channel.kind], signal }
    switch (channel.kind) {
      case 'webhook':
        return withSecret(channel.url, isWebhook, (url) => postNotice(url, notice, limits))
      case 'email': {
        const { to, from, smtp } = channel
        const mail = { to, from, notice }
        if (smtp === undefined) return mailBySendmail(mail, root, limits)
        return withSecret(smtp, isMailServer, (server) => mailBySmtp(mail, server, limits))
      }
      case 'command': {
        const problem = await runShortCommand({ words: filledIn(channel.words, notice), root, limits })
        return problem === undefined ? sent : notSent(problem)
      }
      default:
        return assertNever(channel)
    }
  }
}

function filledIn(words: readonly NoticeWord[], notice: Notice): string[] {
  const values = { text: wholeText(notice), title: notice.title, kind: notice.kind }
  return words.map((word) => word.map((piece) => (typeof piece === 'string' ? piece : values[piece.value])).join(''))
}

async function withSecret(
  secret: Secret,
  isAddress: (text: string) => boolean,
  use: (address: string) => Promise<Sending>,
): Promise<Sending> {
  if (secret.kind === 'written') return use(secret.text)
  const { variable } = secret
  const address = process.env[variable]
  if (address === undefined || address === '') {
    return notSent(`$${variable} is not set`, `Set ${variable} where the engine is started, then start it anew.`)
  }
  if (!isAddress(address)) return notSent(`what $${variable} holds is not an address that notices can be sent to`)
  return use(address)
}
