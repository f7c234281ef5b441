import * as z from 'zod/mini'
import { mostBytes } from '../core/amounts.ts'
import { didYouMean } from '../core/suggest.ts'
import type { Action, ActionType } from '../model/action.ts'
import { UserError } from '../model/errors.ts'

const word = (what: string) =>
  z.string({ error: `expected ${what}` }).check(z.minLength(1, { error: `expected ${what}` }))
const oneOf = <const T extends readonly string[]>(...words: T) =>
  z.enum(words, { error: `expected ${words.join(' or ')}` })

const jobs = z.array(word('the id of a job'), { error: 'expected a list of job ids' })
const byJobs = <T extends ActionType>(type: T) => z.strictObject({ type: z.literal(type), jobs })
const pool = word('the name of a pool')
const slotsError = 'expected a number of slots, 0 or more, or "declared"'
const slots = z.union([z.int().check(z.minimum(0, { error: slotsError })), z.literal('declared')], {
  error: slotsError,
})
const bytesError = 'expected a number of bytes, 1 or more, or "declared"'
const bytes = z.union(
  [
    z.int().check(z.minimum(1, { error: bytesError }), z.maximum(mostBytes, { error: bytesError })),
    z.literal('declared'),
  ],
  { error: bytesError },
)
const how = z.union([oneOf('as-it-is', 'replace'), z.strictObject({ as: word('a name') })], {
  error: 'expected "as-it-is", "replace" or {"as": NAME}',
})

type ActionOf<T extends ActionType> = Extract<Action, { readonly type: T }>

const schemas: { readonly [T in ActionType]: z.ZodMiniType<ActionOf<T>> } = {
  retry: byJobs('retry'),
  cancel: byJobs('cancel'),
  hold: byJobs('hold'),
  release: byJobs('release'),
  first: byJobs('first'),
  later: byJobs('later'),
  reorder: z.strictObject({
    type: z.literal('reorder'),
    jobs,
    says: z.array(z.int({ error: 'expected a whole number' }), { error: 'expected a list of numbers' }),
  }),
  accept: byJobs('accept'),
  rebuild: byJobs('rebuild'),
  build: byJobs('build'),
  pause: z.strictObject({ type: z.literal('pause'), pool }),
  resume: z.strictObject({ type: z.literal('resume'), pool }),
  slots: z.strictObject({ type: z.literal('slots'), pool, slots }),
  size: z.strictObject({ type: z.literal('size'), pool, bytes }),
  take: z.strictObject({ type: z.literal('take'), drop: word('the name of a drop'), how }),
  stop: z.strictObject({ type: z.literal('stop'), jobs: oneOf('leave', 'end') }),
}

/** An action as it came from outside. Throws UserError, which says what of it is not understood. */
export function parseAction(value: unknown): Action {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
  if (typeof type !== 'string') throw new UserError('this is no action: it has no type')
  if (!isActionType(type)) {
    const hint = didYouMean(type, Object.keys(schemas))
    throw new UserError(`the engine knows no action "${type}"`, hint === undefined ? {} : { hint })
  }
  const schema: z.ZodMiniType<Action> = schemas[type]
  const parsed = z.safeParse(schema, value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const what = issue.code === 'unrecognized_keys' ? `it has no ${issue.keys.join(', ')}` : issue.message
  const where = issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
  throw new UserError(`the action ${type} is wrong${where}: ${what}`)
}

const isActionType = (type: string): type is ActionType => Object.hasOwn(schemas, type)
