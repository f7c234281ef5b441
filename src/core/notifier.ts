import { UserError } from '../model/errors.ts'
import {
  type Channel,
  type NoticeKind,
  type NoticeWord,
  type Notifier,
  noticeKinds,
  type Secret,
} from '../model/notice.ts'
import { cutAtPlaceholders, splitWords, type WordsOf } from './recipe.ts'
import { attempt, type DataPath, type Report } from './ruleFaults.ts'
import type { NotifierData } from './ruleSchema.ts'
import { isMailServer, isWebhook } from './secrets.ts'
import { didYouMean } from './suggest.ts'

/** What somebody has to do something about. That a batch is done, and the queue empty, is told to those who ask for it. */
const defaultKinds: readonly NoticeKind[] = ['failed', 'refused', 'stalled', 'disk']

/** An entry of `notify:`, checked. Undefined with a report if anything is wrong with it. */
export function parseNotifier(data: NotifierData, where: string, path: DataPath, report: Report): Notifier | undefined {
  const on = parseKinds(data.on, [...path, 'on'], report)
  const channel = attempt(path, report, () => parseChannel(data, path, report))
  const batches = data.batches === undefined ? undefined : listOf(data.batches)
  for (const name of batches ?? []) {
    if (/^[A-Za-z0-9._+*-]+$/.test(name)) continue
    const hint = 'Write the name of a batch; * stands for any letters: ana_*'
    report({ path: [...path, 'batches'], message: `no batch can be called "${name}"`, hint })
  }
  if (channel === undefined) return undefined
  return { where, on, batches, channel }
}

const listOf = (written: string | readonly string[]) => (typeof written === 'string' ? [written] : written)

function parseKinds(written: NotifierData['on'], path: DataPath, report: Report): readonly NoticeKind[] {
  if (written === undefined) return defaultKinds
  for (const [i, kind] of written.entries()) {
    if (isKind(kind)) continue
    const hint = didYouMean(kind, noticeKinds) ?? ''
    report({ path: [...path, i], message: `"${kind}" is nothing that is told of`, hint })
  }
  return noticeKinds.filter((kind) => written.includes(kind))
}

const isKind = (text: string): text is NoticeKind => (noticeKinds as readonly string[]).includes(text)

/** Throws UserError if the entry as a whole makes no sense; what is wrong with one of its values is reported there. */
function parseChannel(data: NotifierData, path: DataPath, report: Report): Channel | undefined {
  const ways = (['webhook', 'email', 'command'] as const).filter((way) => data[way] !== undefined)
  const [way] = ways
  if (way === undefined || ways.length > 1) {
    throw new UserError(
      way === undefined ? 'the entry does not say where notices go' : `the entry has ${ways.join(' and ')}`,
      { hint: 'An entry is one of webhook:, email: and command:. For another, begin another entry with a dash.' },
    )
  }
  for (const key of ['smtp', 'from'] as const) {
    if (data[key] !== undefined && way !== 'email') {
      report({ path: [...path, key], at: 'key', message: `${key}: belongs to email:, and this entry is a ${way}` })
    }
  }
  const at = (key: keyof NotifierData) => [...path, key]
  if (data.webhook !== undefined) {
    const written = data.webhook
    const url = attempt(at('webhook'), report, () => parseSecret(written, isWebhook, webhookHint))
    return url === undefined ? undefined : { kind: 'webhook', url }
  }
  if (data.command !== undefined) {
    const written = data.command
    const words = attempt(at('command'), report, () => parseCommand(written))
    return words === undefined ? undefined : { kind: 'command', words }
  }
  const smtp = data.smtp === undefined ? undefined : attempt(at('smtp'), report, () => parseSmtp(data.smtp ?? ''))
  const to = listOf(data.email ?? [])
  to.forEach((address, i) => {
    checkAddress(address, typeof data.email === 'string' ? at('email') : [...at('email'), i], report)
  })
  if (data.from !== undefined) checkAddress(data.from, at('from'), report)
  return { kind: 'email', to, from: data.from, smtp }
}

const webhookHint = 'Write the whole address, https://…, or env:NAME to take it from the environment of the engine.'
const smtpHint = 'Write smtp://USER:PASSWORD@HOST:587 or smtps://…, or env:NAME to take all of it from the environment.'

const parseSmtp = (written: string) => parseSecret(written, isMailServer, smtpHint)

/** `env:NAME`, or an address. Throws UserError, which does not repeat what may be a secret. */
function parseSecret(written: string, isAddress: (text: string) => boolean, hint: string): Secret {
  const variable = /^env:(.*)$/.exec(written)?.[1]
  if (variable !== undefined) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) return { kind: 'environment', variable }
    throw new UserError('what follows env: is not the name of an environment variable', { hint })
  }
  if (!isAddress(written)) {
    throw new UserError('this is not an address that notices can be sent to', { hint })
  }
  return { kind: 'written', text: written }
}

/** Not all that mail allows, but all that a lab has; above all, one address, and no header or option in disguise. */
function checkAddress(address: string, path: DataPath, report: Report): void {
  if (/^[^\s@<>,;:"-][^\s@<>,;:"]*@[^\s@<>,;:"]+$/.test(address)) return
  report({
    path,
    message: `"${address}" is not an e-mail address`,
    hint: 'Write it as ana@lab.example; several in a list.',
  })
}

const commandWords: WordsOf = {
  name: 'command',
  shellHint:
    'Put what needs a shell into a script of its own, and name that; or quote the word if it is meant as it stands.',
}

const values = ['text', 'title', 'kind'] as const

/** Throws UserError. */
function parseCommand(text: string): NoticeWord[] {
  const words = splitWords(text, commandWords).map((word) =>
    cutAtPlaceholders(word, (inside) => {
      const value = values.find((name) => name === inside)
      if (value !== undefined) return { value }
      throw new UserError(`unknown placeholder {${inside}}`, {
        hint: `${didYouMean(inside, values) ?? ''} For braces as they are, write {{ and }}.`,
      })
    }),
  )
  if (words[0] === undefined)
    throw new UserError('the command is empty', { hint: 'Write what to run, such as notify-send labmake {text}.' })
  if (words[0].some((piece) => typeof piece !== 'string')) {
    throw new UserError('the command begins with a placeholder', { hint: 'Its first word is the program to run.' })
  }
  return words
}
