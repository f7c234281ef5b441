/**
 * A line of a rule file as it may be shown on screens and kept in logs: of an address only the protocol stays, for the rest
 * of it may be a password or the key of a webhook.
 */
export function withoutSecrets(line: string): string {
  return line
    .replace(/\b(webhook|smtp)(['"]?\s*:\s*)(?!env:)\S.*$/, '$1$2…')
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)\S+/gi, '$1…')
}
