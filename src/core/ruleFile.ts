import { type Fault, UserError } from '../model/errors.ts'
import type { Notifier } from '../model/notice.ts'
import type { Acceptance, NamedPattern, ParamDefault, Pattern, Rule } from '../model/rule.ts'
import { parseDuration } from './durations.ts'
import { parseNotifier } from './notifier.ts'
import { isBelow, parsePattern } from './pattern.ts'
import { parseRecipe, parseScript, type RecipeNames } from './recipe.ts'
import { attempt, type DataPath, type Locate, type Report, reportShape, type ShapeIssue } from './ruleFaults.ts'
import { type DeclaredPool, parseNeeds, parsePools } from './rulePools.ts'
import { type RuleData, type RuleFileData, ruleFileSchema } from './ruleSchema.ts'
import { withoutAddresses } from './secrets.ts'

/** One rule file. With a fault, everything else is empty: a file is used as a whole or not at all. */
export interface RuleFile {
  readonly file: string
  readonly pools: readonly DeclaredPool[]
  readonly inbox: readonly Acceptance[]
  /** How long a drop must have been still, if the file says. */
  readonly quietMs: number | undefined
  readonly notify: readonly Notifier[]
  readonly rules: readonly Rule[]
  readonly faults: readonly Fault[]
}

/** A file of which nothing can be used. */
export function brokenRuleFile(file: string, faults: readonly Fault[]): RuleFile {
  return { file, pools: [], inbox: [], quietMs: undefined, notify: [], rules: [], faults }
}

const defaultBackoffMs = 10_000
const reserved = ['source', 'sources', 'target', 'targets', 'slots']

/** Checks the content of one rule file whole and makes rules of it. Never throws: what is wrong is in `faults`. */
export function parseRuleFile(file: string, content: unknown, locate: Locate): RuleFile {
  const faults: Fault[] = []
  const report: Report = ({ path, at = 'value', message, hint }) => {
    const { where, ...place } = locate(path, at)
    const said = { message, ...(hint === undefined ? {} : { hint }) }
    // Lines of notify: hold secrets, and faults go to screens and logs.
    faults.push(
      path[0] === 'notify' ? { where, ...said, message: withoutAddresses(message) } : { where, ...place, ...said },
    )
  }
  const shape = ruleFileSchema.safeParse(content ?? {})
  if (!shape.success) {
    for (const issue of shape.error.issues) reportShape(issue as ShapeIssue, report)
    return brokenRuleFile(file, faults)
  }
  const data: RuleFileData = shape.data
  const rules = Object.entries(data.rules ?? {}).map(([name, rule]) => {
    const path = ['rules', name]
    return parseRule({ name, file, where: locate(path, 'key').where, data: rule, path, report })
  })
  const inbox = (data.inbox ?? []).map((drop, i) => parseAcceptance(drop, ['inbox', i], report))
  const { quiet } = data
  const quietMs = quiet === undefined ? undefined : attempt(['quiet'], report, () => parseQuiet(quiet))
  const notify = (data.notify ?? []).map((entry, i) => {
    const path = ['notify', i]
    return parseNotifier(entry, locate(path, 'value').where, path, report)
  })
  const pools = parsePools(data.pools ?? {}, locate, report)
  if (faults.length > 0) return brokenRuleFile(file, faults)
  return {
    file,
    pools,
    inbox: inbox.filter(isThere),
    quietMs,
    notify: notify.filter(isThere),
    rules: rules.filter(isThere),
    faults,
  }
}

/** Throws UserError. */
function parseQuiet(written: string): number {
  const ms = parseDuration(written)
  if (ms > 0) return ms
  throw new UserError('a drop would be taken while it is still being copied', {
    hint: 'Write the longest pause of a copy, such as 30s. A file READY in a folder ends its wait at once.',
  })
}

const isThere = <T>(value: T | undefined): value is T => value !== undefined

interface RuleSource {
  readonly name: string
  readonly file: string
  readonly where: string
  readonly data: RuleData
  readonly path: DataPath
  readonly report: Report
}

function parseRule(source: RuleSource): Rule | undefined {
  const { data, path } = source
  let faulty = false
  const report: Report = (issue) => {
    faulty = true
    source.report(issue)
  }
  const sources = parsePaths(data.sources ?? [], [...path, 'sources'], { absolute: true, report })
  const targets = parsePaths(data.targets, [...path, 'targets'], { absolute: false, report })
  const uses = parsePaths(data.uses ?? [], [...path, 'uses'], { absolute: true, report }).map((use) => use.pattern)
  const wildcards = checkWildcards({ sources, targets, uses, path, report })
  checkPlaces({ sources, targets, path, report })
  const params = parseParams(data.params ?? {}, wildcards, [...path, 'params'], report)
  const { pools, bytesOf } = parseNeeds(data.pool, [...path, 'pool'], report)
  const recipe = attempt([...path, data.script === undefined ? 'recipe' : 'script'], report, () => {
    const names: RecipeNames = {
      values: new Set([...wildcards, ...params.keys()]),
      sources: new Set(sources.map((s) => s.name)),
      targets: new Set(targets.map((t) => t.name)),
      pools: new Set(pools.keys()),
      oneSource: sources.length === 1 && !sources[0]!.pattern.gathers,
      oneTarget: targets.length === 1,
    }
    if (data.recipe !== undefined && data.script !== undefined) {
      throw new UserError('a rule has a recipe or a script, not both')
    }
    if (data.script !== undefined) return parseScript(data.script, names)
    if (data.recipe !== undefined) return parseRecipe(data.recipe, names)
    throw new UserError('the rule has neither recipe nor script', {
      hint: 'Add recipe: and the command that makes {target}.',
    })
  })
  const duration = (key: 'timeout' | 'backoff') => {
    const written = data[key]
    return written === undefined ? undefined : attempt([...path, key], report, () => parseDuration(written))
  }
  const timeoutMs = duration('timeout')
  const backoffMs = duration('backoff') ?? defaultBackoffMs
  const expects = parseMembers(data.expects, targets, [...path, 'expects'], report)
  const ignore = parseMembers(data.ignore, targets, [...path, 'ignore'], report)
  if (faulty || recipe === undefined) return undefined
  return {
    name: source.name,
    file: source.file,
    where: source.where,
    sources,
    targets,
    wildcards,
    params,
    uses,
    pools,
    bytesOf,
    recipe,
    expects,
    ignore,
    intermediate: data.intermediate ?? false,
    priority: data.priority ?? 0,
    timeoutMs,
    retries: data.retries ?? 0,
    backoffMs,
  }
}

interface PathOptions {
  readonly absolute: boolean
  readonly report: Report
}

function parsePaths(written: RuleData['targets'], path: DataPath, options: PathOptions): NamedPattern[] {
  const entries: [string, string, DataPath][] =
    typeof written === 'string'
      ? [['1', written, path]]
      : Array.isArray(written)
        ? written.map((text, i) => [String(i + 1), text, [...path, i]])
        : Object.entries(written).map(([name, text]) => [name, text, [...path, name]])
  return entries.flatMap(([name, text, at]) => {
    const pattern = attempt(at, options.report, () => parsePattern(text, options))
    return pattern === undefined ? [] : [{ name, pattern }]
  })
}

interface WildcardCheck {
  readonly sources: readonly NamedPattern[]
  readonly targets: readonly NamedPattern[]
  readonly uses: readonly Pattern[]
  readonly path: DataPath
  readonly report: Report
}

/** All targets have the same wildcards, and the sources bind them. Returns them, `batch` first. */
function checkWildcards({ sources, targets, uses, path, report }: WildcardCheck): string[] {
  const first = targets[0]?.pattern
  if (first === undefined) return []
  const wildcards = [...first.wildcards].sort((a, b) => Number(b === 'batch') - Number(a === 'batch'))
  const known = new Set(wildcards)
  for (const { pattern } of targets) {
    if (pattern.gathers) {
      report({
        path: [...path, 'targets'],
        message: `the target ${pattern.text} has a *`,
        hint: 'A target is one path: use a {wildcard}.',
      })
    }
    if (pattern.wildcards.length !== known.size || pattern.wildcards.some((w) => !known.has(w))) {
      report({
        path: [...path, 'targets'],
        message: `the targets ${first.text} and ${pattern.text} have different wildcards`,
        hint: 'Every target of a rule needs the same wildcards, so that one job makes one of each.',
      })
    }
  }
  for (const pattern of [...sources.map((s) => s.pattern), ...uses]) {
    for (const w of pattern.wildcards.filter((w) => !known.has(w))) {
      report({
        path: [...path, 'sources'],
        message: `{${w}} of ${pattern.text} is in no target`,
        hint: `To read all of them in one job, write * instead of {${w}}; to make a target for each, put {${w}} into the target.`,
      })
    }
  }
  const bound = new Set(sources.flatMap((s) => s.pattern.wildcards))
  for (const w of wildcards.filter((w) => !bound.has(w) && (w !== 'batch' || wildcards.length > 1))) {
    report({ path: [...path, 'targets'], message: `nothing gives {${w}} a value: no source has it` })
  }
  return wildcards
}

const ownFolders = ['.labmake', 'inbox', 'rules']

/** Targets lie apart from each other, from the sources, and from the folders that belong to people and labmake. */
function checkPlaces({ sources, targets, path, report }: Omit<WildcardCheck, 'uses'>): void {
  const at = [...path, 'targets']
  targets.forEach(({ pattern }, i) => {
    const own = ownFolders.find((folder) => pattern.text === folder || isBelow(pattern.text, folder))
    if (own !== undefined)
      report({ path: at, message: `the target ${pattern.text} lies in ${own}/`, hint: 'Put targets below data/.' })
    for (const { pattern: other } of targets.slice(0, i)) {
      if (other.text === pattern.text || isBelow(pattern.text, other.text) || isBelow(other.text, pattern.text)) {
        report({ path: at, message: `the targets ${other.text} and ${pattern.text} lie in each other` })
      }
    }
    for (const { pattern: from } of sources) {
      if (from.text === pattern.text || (from.isFolder && isBelow(pattern.text, from.text))) {
        report({
          path: at,
          message: `the target ${pattern.text} lies in the rule's own source ${from.text}`,
          hint: 'It would make itself stale for ever. Put the target elsewhere below data/.',
        })
      }
    }
  })
}

function parseParams(
  written: NonNullable<RuleData['params']>,
  wildcards: readonly string[],
  path: DataPath,
  report: Report,
): Map<string, ParamDefault> {
  const params = new Map<string, ParamDefault>()
  for (const [name, value] of Object.entries(written)) {
    if (reserved.includes(name) || wildcards.includes(name)) {
      report({
        path: [...path, name],
        at: 'key',
        message: `"${name}" cannot be a param: it is ${wildcards.includes(name) ? 'a wildcard' : 'a word'} of this rule`,
      })
    }
    if (value === 'required' && !wildcards.includes('batch')) {
      report({
        path: [...path, name],
        message: `"${name}" is required, but the rule has no {batch} to look up in a manifest`,
      })
    }
    params.set(name, value === 'required' ? { required: true } : { required: false, value: String(value) })
  }
  return params
}

function parseMembers(
  written: RuleData['expects'],
  targets: readonly NamedPattern[],
  path: DataPath,
  report: Report,
): string[] {
  const members = written === undefined ? [] : typeof written === 'string' ? [written] : written
  if (members.length > 0 && !targets.some((t) => t.pattern.isFolder)) {
    report({
      path,
      message: 'the rule makes no folder',
      hint: 'Members belong to target folders: end the target in a slash.',
    })
  }
  for (const member of members) {
    if (member.startsWith('/') || member.split('/').includes('..')) {
      report({
        path,
        message: `"${member}" is not a member of a folder`,
        hint: 'Write its path from inside the target folder.',
      })
    }
  }
  return members
}

function parseAcceptance(
  drop: { accept: string; store: string },
  path: DataPath,
  report: Report,
): Acceptance | undefined {
  const accept = attempt([...path, 'accept'], report, () => parsePattern(drop.accept, { absolute: false }))
  const store = attempt([...path, 'store'], report, () => parsePattern(drop.store, { absolute: false }))
  if (accept === undefined || store === undefined) return undefined
  const strange = store.wildcards.find((w) => !accept.wildcards.includes(w))
  if (strange !== undefined) {
    report({ path: [...path, 'store'], message: `{${strange}} of ${store.text} is not in accept: ${accept.text}` })
  }
  const own = ownFolders.find((folder) => store.text === folder || isBelow(store.text, folder))
  if (own !== undefined) {
    const message = `what is dropped cannot be kept in ${own}/`
    report({ path: [...path, 'store'], message, hint: 'Keep it below data/: data/mat/{batch}/' })
  }
  return { accept, store }
}
