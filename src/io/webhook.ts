import { withoutAddresses, withoutParts } from '../core/secrets.ts'
import type { Notice, Sending } from '../model/notice.ts'
import { networkProblem, notSent, type SendLimits, sent, wholeText } from './sending.ts'

/** An answer that tells what is wrong is a word or a sentence. */
const answerKept = 120

/** Posts a notice as Slack takes it, and Mattermost, Google Chat and others do too. Never rejects. */
export async function postNotice(url: string, notice: Notice, { timeoutMs, signal }: SendLimits): Promise<Sending> {
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: escaped(wholeText(notice)) }),
      // What a redirection leads to would be asked without the notice.
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    })
    if (response.ok) {
      await response.body?.cancel()
      return sent
    }
    const answer = withoutAddresses(withoutParts(await firstWords(response), url))
    const problem = `it answers ${response.status}${answer === '' ? '' : `, ${answer}`}`
    return notSent(problem, hintFor(response.status), retryAfterMs(response))
  } catch (error) {
    if (signal.aborted) return notSent('labmake ended before it was answered')
    return notSent(timeout.aborted ? `there was no answer within ${timeoutMs / 1000} s` : networkProblem(error))
  }
}

/** In Slack's language <!channel> would call everybody, and what a recipe said may hold it. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function hintFor(status: number): string | undefined {
  if (status >= 400 && status < 500 && status !== 408 && status !== 429)
    return 'Make a new webhook and put its address into the rule file.'
  return undefined
}

/** Servers that are asked too often say for how long they want to be left alone. */
function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined
}

/** The beginning of an answer, on one line; of one that does not end, what came first. */
async function firstWords(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  const first = await reader?.read()
  await reader?.cancel()
  const text = new TextDecoder().decode(first?.value)
  // A page for people says nothing in its first words.
  if (/^\s*</.test(text)) return ''
  return text
    .replace(/[\x00-\x1f\x7f\s]+/g, ' ')
    .slice(0, answerKept)
    .trim()
}
