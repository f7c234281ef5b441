import type { Board, BoardEngine, BoardJob } from '../model/board.ts'
import { assertNever, invariant } from '../model/errors.ts'
import type { DiskSpace, News, Notice, NoticeState, Notifier } from '../model/notice.ts'
import { countStates } from './board.ts'
import { formatSeconds } from './durations.ts'
import { causeHint, causeText, fullCauseText } from './reasons.ts'
import { shownCommand } from './recipe.ts'
import { plural, sizeText } from './sizes.ts'

type NewsOf<K extends News['kind']> = News & { readonly kind: K }

export interface NoticeContext {
  /** News of the kind that came beyond those that are given. */
  readonly more: number
  readonly board: Board
  readonly since: NoticeState['since']
}

/** Names that a notice lists; the rest is counted. What fits on a phone. */
const namesListed = 5
/** Slack cuts a text off at 4,000 characters; a mail needs no more either. */
const longestText = 3500

/** One notice of news of one kind, at least one: what happened, why, what to do next, and where. */
export function composeNotice(news: readonly News[], context: NoticeContext): Notice {
  const { title, lines } = composeKind(news, context)
  const text = clipped(lines.map(plainLine).join('\n'), longestText)
  return { kind: kindOf(news), title: plainLine(title), text: `${text}\n${whereabouts(context.board.engine)}` }
}

/** A notice to try out a notifier with. */
export function trialNotice(place: Pick<BoardEngine, 'host' | 'root'>): Notice {
  const text = [
    'This is a trial: labmake notify test sent it. Notices that matter will come the same way.',
    whereabouts(place),
  ]
  return { kind: 'trial', title: 'A trial notice', text: text.join('\n') }
}

/** Whom it is for, without a secret: `the webhook at hooks.slack.com (rules/ana.yaml:3:5)`. */
export function notifierText({ channel, where }: Notifier): string {
  switch (channel.kind) {
    case 'webhook': {
      const { url } = channel
      return `the webhook ${url.kind === 'written' ? `at ${new URL(url.text).host}` : `of $${url.variable}`} (${where})`
    }
    case 'email':
      return `mail to ${channel.to.join(', ')} (${where})`
    case 'command':
      return `the command ${channel.words[0]?.join('') ?? ''} (${where})`
    default:
      return assertNever(channel)
  }
}

function kindOf(news: readonly News[]): News['kind'] {
  const [first] = news
  invariant(first !== undefined, 'a notice has news')
  return first.kind
}

interface Composed {
  readonly title: string
  readonly lines: readonly string[]
}

function composeKind(news: readonly News[], context: NoticeContext): Composed {
  const of = <K extends News['kind']>(kind: K) => news.filter((one): one is NewsOf<K> => one.kind === kind)
  const kind = kindOf(news)
  switch (kind) {
    case 'failed':
      return news.length + context.more === 1 ? oneFailed(of('failed')[0]!, context) : manyFailed(of('failed'), context)
    case 'done':
      return batchesDone(of('done'), context)
    case 'refused':
      return news.length + context.more === 1 ? oneRefused(of('refused')[0]!) : manyRefused(of('refused'), context)
    case 'stalled':
      return copiesStalled(of('stalled'), context)
    case 'disk':
      return diskLow(of('disk').at(-1)!.space)
    case 'idle':
      return queueEmpty(context)
    default:
      return assertNever(kind)
  }
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

function batchesDone(news: readonly NewsOf<'done'>[], { board, more }: NoticeContext): Composed {
  const names = news.map((one) => one.batch)
  const [first = ''] = names
  const beyond = more > 0 ? [`${plural(more, 'more job')} of other batches ended well.`] : []
  if (names.length > 1) {
    const title = `${plural(names.length, 'batch')} are done`
    return { title, lines: [listing(names, names.length), ...beyond, ...nowLine(board)] }
  }
  const jobs = [...board.jobs.values()].filter((job) => job.batch === first)
  const made = jobs.map(({ name, status }) => {
    const seconds = status.state === 'done' ? status.last?.seconds : undefined
    return seconds === undefined ? name : `${name} ${formatSeconds(seconds)}`
  })
  return {
    title: `${first} is done`,
    lines: [`All of it is up to date: ${listing(made, made.length)}`, ...beyond, ...nowLine(board)],
  }
}

function oneRefused({ drop, state }: NewsOf<'refused'>): Composed {
  if (state.kind === 'conflict') {
    return {
      title: `The drop ${drop} waits for a decision`,
      lines: [
        `Why: ${state.why}`,
        `Next: ${take(drop)} --replace puts it in the place of ${state.with}, --as OTHER takes it under another name.`,
      ],
    }
  }
  return {
    title: `The drop ${drop} was not taken`,
    lines: [
      `Why: ${state.why}`,
      ...(state.hint === undefined ? [] : [state.hint]),
      `It lies in inbox/rejected/. Next: once all is well, drop it again, or take it up from there: ${take(drop)}`,
    ],
  }
}

function manyRefused(news: readonly NewsOf<'refused'>[], { more }: NoticeContext): Composed {
  const count = news.length + more
  const each = news.slice(0, namesListed).map(({ drop, state }) => `- ${drop}: ${state.why}`)
  const rest = count - each.length
  return {
    title: `${plural(count, 'drop')} were not taken`,
    lines: [
      ...each,
      ...(rest > 0 ? [`- and ${rest} more`] : []),
      'Next: labmake inbox lists them; what was refused lies in inbox/rejected/.',
    ],
  }
}

function copiesStalled(news: readonly NewsOf<'stalled'>[], { more }: NoticeContext): Composed {
  const count = news.length + more
  const [first] = news
  invariant(first !== undefined, 'a notice has news')
  if (count === 1) {
    return {
      title: `The copy of ${first.drop} may have died`,
      lines: [
        `Why: ${first.state.why}`,
        `Next: copy it once more; if it is whole as it is, ${take(first.drop)} takes it.`,
      ],
    }
  }
  return {
    title: `${count} copies into the inbox may have died`,
    lines: [
      listing(
        news.map((one) => one.drop),
        count,
      ),
      'Next: copy them once more; what is whole as it is, labmake inbox take NAME takes.',
    ],
  }
}

function diskLow({ freeBytes, totalBytes }: DiskSpace): Composed {
  return {
    title: `Only ${sizeText(freeBytes)} are free`,
    lines: [
      `The disk of the workspace is nearly full: ${sizeText(freeBytes)} of ${sizeText(totalBytes)} are free.`,
      'When it is full, jobs fail; what is there stays whole.',
      'Next: free some space. What lies in .labmake/attic/ and .labmake/attempts/ is no longer used.',
    ],
  }
}

function queueEmpty({ board, since }: NoticeContext): Composed {
  const { done, failed, cancelled } = since
  const ended = [
    `${plural(done, 'job')} made`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(cancelled > 0 ? [`${cancelled} stopped`] : []),
  ]
  return {
    title: 'Nothing is left to run',
    lines: [`Since the queue was last empty: ${ended.join(', ')}.`, ...nowLine(board)],
  }
}

/** What is not done, most urgent first: `Now: 2 failed, 1 blocked, 4 running.` */
function nowLine(board: Board): string[] {
  const counts = countStates(board.jobs.values())
  const states = ['failed', 'blocked', 'protected', 'cancelled', 'held', 'running', 'queued', 'waiting'] as const
  const shown = states.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`)
  return shown.length === 0 ? [] : [`Now: ${shown.join(', ')}.`]
}

/** A refused name may hold anything. */
const take = (drop: string) => shownCommand(['labmake', 'inbox', 'take', drop])

/** `a, b, c, d, e and 7 more`. */
function listing(names: readonly string[], count: number): string {
  const shown = names.slice(0, namesListed)
  return `${shown.join(', ')}${count > shown.length ? ` and ${count - shown.length} more` : ''}`
}

const whereabouts = ({ host, root }: Pick<BoardEngine, 'host' | 'root'>) => `labmake on ${host}, ${root}`

/** Recipes colour what they say, and a line end in a subject begins another header. */
function plainLine(line: string): string {
  return line.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '').replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
}

function clipped(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
