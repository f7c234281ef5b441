/** Of each address in a text only the protocol: the rest of it may be a password, or the key of a webhook. */
export function withoutAddresses(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)\S+/gi, '$1…')
}

/** A line of a rule file as it may be shown on screens and kept in logs. */
export function withoutSecrets(line: string): string {
  return withoutAddresses(line.replace(/\b(webhook|smtp)(['"]?\s*:\s*)(?!env:)\S.*$/, '$1$2…'))
}
