import type { Notice, Sending } from '../model/notice.ts'

/** Within what time a notice is sent, or not, and who may end it before. */
export interface SendLimits {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export const sent: Sending = { outcome: 'sent', but: undefined }

/** `problem` and `hint` hold no secret: what others said is shown only without the parts of it. */
export function notSent(problem: string, hint?: string, retryInMs?: number): Sending {
  return { outcome: 'not-sent', problem, hint, retryInMs }
}

/** A notice as one text, its title the first line. */
export const wholeText = ({ title, text }: Notice) => `${title}\n${text}`

const networkWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up just now',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'there was no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'there was no answer in time',
}

/** What a fault of the network means, in words. The message itself may hold an address and is not repeated. */
export function networkProblem(error: unknown): string {
  const { code, message = '', cause } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException }
  const codes = [cause?.code, code].filter((c) => c !== undefined)
  const known = Object.keys(networkWords).find((word) => codes.includes(word) || message.includes(word))
  if (known !== undefined) return networkWords[known] ?? known
  const [told] = codes
  if (told === undefined) return 'the connection failed'
  return /CERT|SIGNATURE|TLS|SSL/.test(told)
    ? `its certificate is not accepted (${told})`
    : `the connection failed (${told})`
}
