/** Of each address in a text only the protocol: the rest of it may be a password, or the key of a webhook. */
export function withoutAddresses(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)\S+/gi, '$1…')
}

/** A line of a rule file as it may be shown on screens and kept in logs. */
export function withoutSecrets(line: string): string {
  return withoutAddresses(line.replace(/\b(webhook|smtp)(['"]?\s*:\s*)(?!env:)\S.*$/, '$1$2…'))
}

/** Can notices be posted there? A name and a password in the address are not sent along by those who post. */
export function isWebhook(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== '' && url.username === ''
}

/** Is it a mail server, `smtp://USER:PASSWORD@HOST:587`? */
export function isMailServer(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && /^smtps?:$/.test(url.protocol) && url.hostname !== ''
}

/** Less is no secret, and would be found in any sentence. */
const shortestSecret = 4

/** A text that somebody else made, without the parts of a secret address that it repeats. */
export function withoutParts(text: string, address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const parts = url === undefined ? [] : [url.search.slice(1), ...url.pathname.split('/'), ...loginParts(url)]
  return [address, ...parts]
    .filter((part) => part.length >= shortestSecret)
    .sort((a, b) => b.length - a.length)
    .reduce((shown, part) => shown.replaceAll(part, '…'), text)
}

/** A password, and how mail servers are told it. */
function loginParts({ username, password }: URL): string[] {
  try {
    const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)]
    return [password, pass, base64(pass), base64(`\0${user}\0${pass}`)]
  } catch {
    // A stray % is itself part of the password.
    return [password]
  }
}

const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))
