// Times and spans as they stand on the screen. A span that counts up has no parts of a second, which would flicker;
// one that is guessed is rounded to what a guess is worth.
import { formatSeconds } from '../core/durations.ts'

const minute = 60
const hour = 3600
const day = 86_400

/** `4s`, `3m05`, `1h05`, `2d03h`; never negative: clocks of two machines differ. */
export function elapsed(seconds: number): string {
  return seconds < 60 ? `${Math.floor(Math.max(0, seconds))}s` : formatSeconds(Math.floor(seconds))
}

/** A guess: `40 s`, `40 min`, `16 h`, `9 days`. */
export function roughly(seconds: number): string {
  if (seconds < 1.5 * minute) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 1.5 * hour) return `${Math.round(seconds / minute)} min`
  return seconds < 2 * day ? `${Math.round(seconds / hour)} h` : `${Math.round(seconds / day)} days`
}

/** A guess where there is little room: `40s`, `40m`, `16h`, `9d`. */
export function roughlyShort(seconds: number): string {
  return roughly(seconds).replace(/ (s|min|h|days)$/, (_, unit: string) => unit[0]!)
}

const two = (n: number) => String(n).padStart(2, '0')
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Local time: `06:04:52`. */
export function clock(ms: number): string {
  return `${clockMinutes(ms)}:${two(new Date(ms).getSeconds())}`
}

/** Local time: `06:04`. */
export function clockMinutes(ms: number): string {
  const date = new Date(ms)
  return `${two(date.getHours())}:${two(date.getMinutes())}`
}

/** Local day: `Mon 31 Aug`. */
export function dayText(ms: number): string {
  const date = new Date(ms)
  return `${weekdays[date.getDay()]} ${date.getDate()} ${months[date.getMonth()]}`
}

/** As much as is needed to know when: `06:04`, `Mon 31 Aug 06:04`, `31 Aug 2025 06:04`. */
export function moment(ms: number, nowMs: number): string {
  const date = new Date(ms)
  const now = new Date(nowMs)
  if (date.getFullYear() !== now.getFullYear())
    return `${date.getDate()} ${months[date.getMonth()]} ${date.getFullYear()} ${clockMinutes(ms)}`
  const isToday = date.getMonth() === now.getMonth() && date.getDate() === now.getDate()
  return isToday ? clockMinutes(ms) : `${dayText(ms)} ${clockMinutes(ms)}`
}

/** `1st`, `2nd`, `31st`, `112th`. */
export function ordinal(n: number): string {
  const tens = n % 100
  if (tens >= 11 && tens <= 13) return `${n}th`
  return `${n}${['th', 'st', 'nd', 'rd'][n % 10] ?? 'th'}`
}
