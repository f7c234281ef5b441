import { UserError } from '../model/errors.ts'

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `30m`, `1h30m`, `2d` → ms. Throws UserError: a bare number has no unit. */
export function parseDuration(text: string): number {
  const pieces = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*/g)]
  if (pieces.length === 0 || pieces.map((piece) => piece[0]).join('') !== text.trim()) {
    throw new UserError(`"${text}" is not a duration`, {
      hint: 'Write a number with its unit: 90s, 30m, 2h, 1d, 1h30m.',
    })
  }
  return pieces.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0)
}

/** Seconds as a person reads them: `0.4s`, `12s`, `3m05`, `1h05`, `2d03h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole}s`
  const two = (n: number) => String(n).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}`
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}`
  return `${Math.floor(whole / 86_400)}d${two(Math.floor((whole % 86_400) / 3600))}h`
}
