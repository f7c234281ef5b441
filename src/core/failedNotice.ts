import type { Board, BoardJob } from '../model/board.ts'
import { formatSeconds } from './durations.ts'
import { type Composed, listing, type NewsOf, type NoticeContext, namesListed } from './noticeParts.ts'
import { causeHint, causeText, fullCauseText } from './reasons.ts'
import { plural } from './sizes.ts'

/** What is told of failures, at least one; `context.more` came beyond those that are given. */
export function jobsFailed(news: readonly NewsOf<'failed'>[], context: NoticeContext): Composed {
  return news.length + context.more === 1 ? oneFailed(news[0]!, context) : manyFailed(news, context)
}

function oneFailed(news: NewsOf<'failed'>, { board }: NoticeContext): Composed {
  const { cause, job, attempt, seconds } = news
  const says = cause.kind === 'exit' || cause.kind === 'signal' ? cause.says : undefined
  const hint = causeHint(cause)
  return {
    title: `${job} failed`,
    lines: [
      `Why: ${causeText(cause)}, after ${formatSeconds(seconds)}${attempt > 1 ? `, in attempt ${attempt}` : ''}`,
      ...(says === undefined ? [] : [`It said last: ${says}`]),
      ...(hint === undefined ? [] : [hint]),
      ...blockedLine(board, [news]),
      ...logLine('Log', news, board),
      `Next: labmake log ${job} shows its output, labmake retry ${job} tries again.`,
    ],
  }
}

function manyFailed(news: readonly NewsOf<'failed'>[], { board, more }: NoticeContext): Composed {
  const count = news.length + more
  const { shared, line } = commonLine(news, count)
  const rules = [...new Set(news.map((one) => one.rule))]
  const ids = news.map((one) => one.job)
  const each = news
    .slice(0, namesListed)
    .map((one) => `- ${one.job}: ${fullCauseText(one.cause)}, after ${formatSeconds(one.seconds)}`)
  const rest = count - each.length
  const listed = shared === news.length ? [listing(ids, count)] : [...each, ...(rest > 0 ? [`- and ${rest} more`] : [])]
  return {
    title: `${plural(count, 'job')} failed`,
    lines: [
      ...(shared > 0 ? [line] : []),
      ...listed,
      ...blockedLine(board, news),
      ...logLine('Log of the first', news[0]!, board),
      `Next: labmake status lists them, labmake retry ${rules.slice(0, namesListed).join(' ')} tries again.`,
    ],
  }
}

/** What most failed of: word for word with what the recipes said, else without that, else the kind of cause alone. */
function commonLine(
  news: readonly NewsOf<'failed'>[],
  count: number,
): { readonly shared: number; readonly line: string } {
  const views = [
    (one: NewsOf<'failed'>) => fullCauseText(one.cause),
    (one: NewsOf<'failed'>) => causeText(one.cause),
    (one: NewsOf<'failed'>) => one.cause.kind,
  ]
  for (const view of views) {
    const counts = new Map<string, number>()
    for (const one of news) counts.set(view(one), (counts.get(view(one)) ?? 0) + 1)
    const [most, shared] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))
    // Less than half is no common cause, but a chance.
    if (shared < 2 || 2 * shared < news.length) continue
    const who = shared === count ? 'All of them' : `${shared} of them`
    if (view !== views[2]) return { shared, line: `${who}: ${most}` }
    const first = news.find((one) => view(one) === most)!
    return { shared, line: `${who} failed alike. The first: ${causeText(first.cause)}` }
  }
  return { shared: 0, line: '' }
}

function blockedLine(board: Board, failed: readonly NewsOf<'failed'>[]): string[] {
  const ids = new Set(failed.map((one) => one.job))
  const isBlocked = ({ status }: BoardJob) => status.state === 'blocked' && ids.has(status.job)
  const count = [...board.jobs.values()].filter(isBlocked).length
  if (count === 0) return []
  return [`${plural(count, 'job')} cannot run before ${failed.length === 1 ? 'it is' : 'they are'} made.`]
}

function logLine(what: string, { log }: NewsOf<'failed'>, { engine }: Board): string[] {
  return log === '' ? [] : [`${what}: ${engine.root}/${log}`]
}
