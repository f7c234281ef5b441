import type { Row } from './rows.ts'
import type { View } from './view.ts'

export function rowFilter(text: string, _view: View): (row: Row) => boolean {
  const words = text.split(/\s+/).filter(Boolean)
  return (row) =>
    words.every((w) =>
      w.startsWith('is:')
        ? w
            .slice(3)
            .split(',')
            .some((s) => row.jobs.some((j) => j.status.state.startsWith(s)))
        : row.batch.includes(w),
    )
}

export function filterProblem(text: string, _view: View): string | undefined {
  return text.includes('?') ? 'bad' : undefined
}
