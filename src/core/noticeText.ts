import type { Board, BoardEngine } from '../model/board.ts'
import { assertNever, invariant } from '../model/errors.ts'
import type { DiskSpace, News, Notice, Notifier } from '../model/notice.ts'
import { countStates } from './board.ts'
import { formatSeconds } from './durations.ts'
import { jobsFailed } from './failedNotice.ts'
import { type Composed, listing, type NewsOf, type NoticeContext, namesListed } from './noticeParts.ts'
import { shownCommand } from './recipe.ts'
import { plural, sizeText } from './sizes.ts'

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

function composeKind(news: readonly News[], context: NoticeContext): Composed {
  const of = <K extends News['kind']>(kind: K) => news.filter((one): one is NewsOf<K> => one.kind === kind)
  const kind = kindOf(news)
  switch (kind) {
    case 'failed':
      return jobsFailed(of('failed'), context)
    case 'done':
      return batchesDone(of('done'), context)
    case 'refused':
      return news.length + context.more === 1 ? oneRefused(of('refused')[0]!) : manyRefused(of('refused'), context)
    case 'stalled':
      return dropsStalled(of('stalled'), context)
    case 'disk':
      return diskLow(of('disk').at(-1)!.space)
    case 'idle':
      return queueEmpty(context)
    default:
      return assertNever(kind)
  }
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
  return {
    title: `${plural(count, 'drop')} were not taken`,
    lines: [...each(news, count), 'Next: labmake inbox lists them; what was refused lies in inbox/rejected/.'],
  }
}

/** The first few drops with their reasons. */
function each(news: readonly NewsOf<'refused' | 'stalled'>[], count: number): string[] {
  const named = news.slice(0, namesListed).map(({ drop, state }) => `- ${drop}: ${state.why}`)
  const rest = count - named.length
  return [...named, ...(rest > 0 ? [`- and ${rest} more`] : [])]
}

function dropsStalled(news: readonly NewsOf<'stalled'>[], { more }: NoticeContext): Composed {
  const count = news.length + more
  const one = count === 1 ? news[0] : undefined
  const next = news.every(({ state }) => state.because === 'disk')
    ? 'Next: put that right. Nothing is lost: it is tried again every minute.'
    : `Next: copy it once more if the copy died; if it is whole as it is, ${one ? take(one.drop) : 'labmake inbox take NAME'} takes it.`
  if (one !== undefined) {
    return { title: `The drop ${one.drop} gets no further`, lines: [`Why: ${one.state.why}`, next] }
  }
  return { title: `${plural(count, 'drop')} get no further`, lines: [...each(news, count), next] }
}

function diskLow({ freeBytes, totalBytes }: DiskSpace): Composed {
  return {
    title: `Only ${sizeText(freeBytes)} are free`,
    lines: [
      `The disk of the workspace is nearly full: ${sizeText(freeBytes)} of ${sizeText(totalBytes)} are free.`,
      'When it is full, jobs fail; what is there stays whole.',
      'Next: free some space, beginning with what nobody needs in .labmake/attic/ and .labmake/attempts/.',
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

const whereabouts = ({ host, root }: Pick<BoardEngine, 'host' | 'root'>) => `labmake on ${host}, ${root}`

/** Recipes colour what they say, and a line end in a subject begins another header. */
function plainLine(line: string): string {
  return line.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '').replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
}

function clipped(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
