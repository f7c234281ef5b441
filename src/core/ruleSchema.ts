import * as z from 'zod/mini'
import { noticeKinds } from '../model/notice.ts'
import { amountPattern } from './amounts.ts'
import { namePattern } from './names.ts'

/**
 * The shape of a rule file, in one place: it checks files, and the JSON Schema for editors is made from it. What goes
 * beyond shape (wildcards that match, pools that exist) is checked in core/ruleFile and core/ruleSet.
 */
const describe = <T extends z.ZodMiniType>(schema: T, description: string): T => {
  // Of its own: a description would otherwise be that of every key of this shape.
  const described = z.clone(schema)
  z.globalRegistry.add(described, { description })
  return described
}

const nameError = 'expected a name: small letters, digits and _, beginning with a letter'
const name = z.string().check(z.regex(new RegExp(`^${namePattern}$`), { error: nameError }))
const text = (what: string) =>
  z.string({ error: `expected ${what}` }).check(z.minLength(1, { error: `expected ${what}` }))
const count = (what: string, least: number) =>
  z.int({ error: `expected ${what}` }).check(z.minimum(least, { error: `expected ${what}` }))
const duration = z.string({ error: 'expected a duration with its unit, such as 90s, 30m, 2h' })

const several = (what: string, error: string) => z.array(text(what)).check(z.minLength(1, { error }))
const oneOrSeveral = (what: string, error: string) => z.union([text(what), several(what, error)], { error })

const pathsError = 'expected a path, a list of paths, or a map of names to paths'
const paths = z.union([text('a path'), several('a path', pathsError), z.record(name, text('a path'))], {
  error: pathsError,
})
const members = z.union([text('a file name'), z.array(text('a file name'))], {
  error: 'expected file names, in a list',
})
const slots = count('a number of slots, 1 or more', 1)
const slotsOrAuto = z.union([slots, z.literal('auto')], {
  error: 'expected a number of slots, 1 or more, or auto (one for each processor); memory is written as size: 64GB',
})
// Here a text with a number in it, so that core/amounts can say what is wrong with it; editors are told what it looks like.
const amountError = 'expected an amount of memory with its unit, such as 64GB'
const amount = z.string({ error: amountError }).check(z.regex(/\d/, { error: amountError, abort: true }))
z.globalRegistry.add(amount, { pattern: amountPattern })
const poolError =
  'expected a number of slots, 1 or more, or auto (one for each processor), or an amount of memory such as 64GB; or slots: or size: with shared: true'
const pool = z.union(
  [
    slotsOrAuto,
    amount,
    z.strictObject({
      slots: z.optional(slotsOrAuto),
      size: z.optional(describe(amount, 'Memory instead of slots: 64GB, 500MB, 1.5TB, 64GiB.')),
      shared: z.optional(
        describe(
          z.boolean({ error: 'expected true or false' }),
          'Counted over all workspaces of this machine that declare the pool so, whoever runs them.',
        ),
      ),
    }),
  ],
  { error: poolError },
)
const needed = z.union([slots, amount], {
  error: 'expected a number of slots, 1 or more, or an amount of memory such as 12GB',
})
const value = z.union([z.string(), z.number(), z.boolean()], {
  error: 'expected a text, a number, or the word required',
})

const rule = z.strictObject(
  {
    sources: z.optional(describe(paths, 'What the rule reads. A trailing slash is a folder; * and ** gather.')),
    targets: describe(paths, 'What the rule makes. {batch} and other wildcards bind part of a path.'),
    params: z.optional(
      describe(
        z.record(name, value, { error: 'expected a map of params to their defaults' }),
        'Values of a batch from manifests: name: default, or the word required.',
      ),
    ),
    uses: z.optional(describe(paths, 'Other files that the recipe depends on, such as scripts and probe maps.')),
    pool: z.optional(
      describe(
        z.union([name, z.record(name, needed)], { error: "expected a pool's name, or a map of pools to slots" }),
        'The pool that a job takes one slot of, or slots per pool, or an amount such as 12GB of one that counts memory. Without it: one slot of cpu.',
      ),
    ),
    recipe: z.optional(
      describe(text('a command'), 'One command, no shell. {source}, {target}, {batch}, … are put in.'),
    ),
    script: z.optional(
      describe(
        text('a bash script'),
        'Instead of recipe: a bash script. Values are in $batch, $target, …, sources in "$@".',
      ),
    ),
    expects: z.optional(describe(members, 'Members that a finished target folder must have.')),
    ignore: z.optional(describe(members, 'Members of a target folder that do not count as edits, such as .phy/')),
    intermediate: z.optional(
      describe(
        z.boolean({ error: 'expected true or false' }),
        'May be deleted once what was made from it is up to date.',
      ),
    ),
    priority: z.optional(describe(z.int({ error: 'expected a whole number' }), 'Higher starts sooner.')),
    timeout: z.optional(describe(duration, 'How long an attempt may take: 90s, 30m, 2h.')),
    retries: z.optional(describe(count('a whole number, 0 or more', 0), 'How often a failed attempt is repeated.')),
    backoff: z.optional(describe(duration, 'The wait before the first retry; it doubles with each. Default 10s.')),
  },
  { error: 'expected a rule: a map with sources, targets and recipe' },
)

const acceptance = z.strictObject(
  { accept: text('a pattern such as {batch}/*.mat'), store: text('a folder such as data/mat/{batch}/') },
  { error: 'expected accept: and store:' },
)

const addresses = oneOrSeveral('an e-mail address', 'expected an e-mail address, or several in a list')
const batchNames = oneOrSeveral(
  'the name of a batch',
  'expected the name of a batch, or several in a list; * stands for any letters',
)

const noticeKindList = `a list of ${noticeKinds.join(', ')}`
// A text here, so that core/notifier can say what a mistyped one most likely meant; editors are told which there are.
const noticeKind = text(`one of ${noticeKinds.join(', ')}`)
z.globalRegistry.add(noticeKind, { enum: [...noticeKinds] })

const notifier = z.strictObject(
  {
    webhook: z.optional(
      describe(
        text('an address, https://…, or env:NAME'),
        'An address that takes {"text": …} as Slack does; env:NAME keeps it out of the file.',
      ),
    ),
    email: z.optional(describe(addresses, 'One e-mail address, or several.')),
    from: z.optional(
      describe(text('an e-mail address'), 'The sender. Without it, labmake@ and the name of this machine.'),
    ),
    smtp: z.optional(
      describe(
        text('an address, smtp://…, or env:NAME'),
        'The mail server: smtp://USER:PASSWORD@HOST:587, or env:NAME. Without it, the sendmail of this machine.',
      ),
    ),
    command: z.optional(describe(text('a command'), 'One command, no shell. {text}, {title} and {kind} are put in.')),
    on: z.optional(
      describe(
        z
          .array(noticeKind, { error: `expected ${noticeKindList}` })
          .check(z.minLength(1, { error: `expected ${noticeKindList}` })),
        `What is told: ${noticeKinds.join(', ')}. Default: failed, refused, stalled, disk.`,
      ),
    ),
    batches: z.optional(
      describe(batchNames, 'Only failures and ends of these batches; * stands for any letters. Without it, of all.'),
    ),
  },
  { error: 'expected an entry with webhook:, email: or command:' },
)

export const ruleFileSchema = z.strictObject(
  {
    pools: z.optional(
      describe(
        z.record(name, pool, { error: 'expected a map of pools to their slots' }),
        'Limits shared by jobs: slots, or memory.',
      ),
    ),
    inbox: z.optional(
      describe(
        z.array(acceptance, { error: 'expected a list of accept: and store:' }),
        'What may be dropped, and where it is kept.',
      ),
    ),
    quiet: z.optional(describe(duration, 'How long a drop must have been still before it is taken. Default 30s.')),
    notify: z.optional(
      describe(
        z.array(notifier, { error: 'expected a list of entries with webhook:, email: or command:' }),
        'Who is told when something needs a person.',
      ),
    ),
    rules: z.optional(
      describe(z.record(name, rule, { error: 'expected a map of rules' }), 'How targets are made from sources.'),
    ),
  },
  { error: 'expected pools:, inbox:, quiet:, notify: and rules:' },
)

/** A rule file's content, of the right shape. */
export type RuleFileData = z.infer<typeof ruleFileSchema>
export type RuleData = NonNullable<RuleFileData['rules']>[string]

export type NotifierData = NonNullable<RuleFileData['notify']>[number]

export const poolKeys = ['slots', 'size', 'shared']
export const ruleFileKeys = Object.keys(ruleFileSchema.shape)
export const inboxKeys = Object.keys(acceptance.shape)
export const notifierKeys = Object.keys(notifier.shape)
export const ruleKeys = Object.keys(rule.shape)

/** The JSON Schema of a rule file, for editors. */
export function ruleFileJsonSchema(): object {
  return { title: 'labmake rule file', ...z.toJSONSchema(ruleFileSchema) }
}
