import { UserError } from '../model/errors.ts'
import type { Binding, Job } from '../model/job.ts'
import type { Placeholder, Recipe, Word } from '../model/rule.ts'
import { didYouMean } from './suggest.ts'

/** Names that a placeholder may use in one rule. */
export interface RecipeNames {
  /** Wildcards and params. */
  readonly values: ReadonlySet<string>
  readonly sources: ReadonlySet<string>
  readonly targets: ReadonlySet<string>
  readonly pools: ReadonlySet<string>
  /** `{source}` and `{target}` would be ambiguous where there are several. */
  readonly oneSource: boolean
  readonly oneTarget: boolean
}

/**
 * Splits a recipe into words and finds its placeholders. Quotes group, as in a shell; nothing else of a shell is there:
 * its operators are an error that leads to `script:`. Values are put in after the split, so no value can become syntax.
 * Throws UserError.
 */
export function parseRecipe(text: string, names: RecipeNames): Recipe {
  const words = splitWords(text, recipeWords).map((word) => parseWord(word, names))
  if (words.length === 0) throw new UserError('the recipe is empty', { hint: 'Write the command that makes {target}.' })
  return { kind: 'command', text, words }
}

/** A script is passed on untouched; this finds `{batch}` where `$batch` was meant. Throws UserError. */
export function parseScript(text: string, names: RecipeNames): Recipe {
  for (const match of text.matchAll(/(?<!\$)\{([a-z][a-z0-9_]*)(?:\.([a-z][a-z0-9_]*))?\}/g)) {
    const [whole, name = '', sub] = match
    const known = names.values.has(name) || ['source', 'sources', 'target', 'targets', 'slots'].includes(name)
    if (!known) continue
    const variable = name === 'sources' ? '"$@"' : `"$${sub === undefined ? name : `${name}_${sub}`}"`
    throw new UserError(`${whole} in a script stays as it is`, {
      hint: `In a script write ${variable}: values come as environment variables, the sources as "$@".`,
    })
  }
  return { kind: 'script', text }
}

/** What is split into words, for what is said of it. */
export interface WordsOf {
  readonly name: string
  /** Where a person who wants a shell finds one. */
  readonly shellHint: string
}

const recipeWords: WordsOf = {
  name: 'recipe',
  shellHint: 'Use script: for pipes, redirections and several commands; or quote the word if it is meant as it stands.',
}

interface RawWord {
  readonly text: string
  readonly quoted: boolean
}

/** Splits a command into words as parseRecipe says. Throws UserError. */
export function splitWords(text: string, of: WordsOf): string[] {
  const words: RawWord[] = []
  let word: string | undefined
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!
    if (c === "'" || c === '"') {
      const end = text.indexOf(c, i + 1)
      if (end < 0) throw new UserError(`the ${of.name} has a ${c} without its end`)
      word = (word ?? '') + text.slice(i + 1, end)
      quoted = true
      i = end
    } else if (c === '\\' && i + 1 < text.length) {
      const next = text[++i]!
      // A line that goes on, as in a shell; YAML may have folded the line end into a space.
      if (next === '\n' || (word === undefined && next === ' ')) continue
      word = (word ?? '') + next
      quoted = true
    } else if (/\s/.test(c)) {
      if (word !== undefined) words.push({ text: word, quoted })
      word = undefined
      quoted = false
    } else {
      word = (word ?? '') + c
    }
  }
  if (word !== undefined) words.push({ text: word, quoted })
  for (const { text: w, quoted: q } of words) if (!q) refuseShell(w, of)
  return words.map((w) => w.text)
}

const shellOperator = /^(\||\|\||&&?|;|\d?>>?|<|\d?>&\d)$|^\d?>>?[^=]|;$|^\$\(|`/

function refuseShell(word: string, { name, shellHint }: WordsOf): void {
  if (!shellOperator.test(word)) return
  throw new UserError(`"${word}" is shell, and a ${name} is one command without a shell`, { hint: shellHint })
}

/** Cuts a word at its `{placeholders}`; `{{` and `}}` are braces as they are. */
export function cutAtPlaceholders<P>(text: string, placeholder: (inside: string) => P): (string | P)[] {
  const word: (string | P)[] = []
  let literal = ''
  for (const [piece] of text.matchAll(/\{\{|\}\}|\{[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)?\}|[^{}]+|[{}]/g)) {
    if (piece === '{{' || piece === '}}') literal += piece[0]
    else if (piece.length > 2 && piece.startsWith('{')) {
      if (literal !== '') word.push(literal)
      literal = ''
      word.push(placeholder(piece.slice(1, -1)))
    } else literal += piece
  }
  if (literal !== '' || word.length === 0) word.push(literal)
  return word
}

function parseWord(text: string, names: RecipeNames): Word {
  const word = cutAtPlaceholders(text, (inside) => parsePlaceholder(inside, names))
  const many = word.find((p) => typeof p !== 'string' && (p.kind === 'sources' || p.kind === 'targets') && !p.name)
  if (many !== undefined && word.length > 1) {
    throw new UserError(`"${text}": {sources} and {targets} become one word each and must stand alone`)
  }
  return word
}

function parsePlaceholder(inside: string, names: RecipeNames): Placeholder {
  const [name = '', sub] = inside.split('.', 2)
  if (name === 'slots' && sub !== undefined) {
    if (!names.pools.has(sub)) throw unknown(`{${inside}}`, sub, names.pools, 'the rule takes no slots of that pool')
    return { kind: 'slots', pool: sub }
  }
  if ((name === 'sources' || name === 'targets') && sub !== undefined) {
    const known = names[name]
    if (!known.has(sub)) throw unknown(`{${inside}}`, sub, known, `the rule has no ${name} of that name`)
    return { kind: name, name: sub }
  }
  if (sub === undefined && (name === 'sources' || name === 'targets')) return { kind: name }
  if (sub === undefined && (name === 'source' || name === 'target')) {
    if (name === 'source' ? !names.oneSource : !names.oneTarget) {
      throw new UserError(`{${name}} is ambiguous: the rule has several ${name}s`, {
        hint: `Write {${name}s} for all of them, or give them names and write {${name}s.NAME}.`,
      })
    }
    return { kind: name }
  }
  if (sub === undefined && names.values.has(name)) return { kind: 'value', name }
  const all = [...names.values, 'source', 'sources', 'target', 'targets', 'slots.POOL']
  throw unknown(`{${inside}}`, inside, all, 'it is no wildcard, param or source of this rule')
}

function unknown(shown: string, word: string, known: Iterable<string>, why: string): UserError {
  const hint = didYouMean(word, known)
  return new UserError(`unknown placeholder ${shown}: ${why}`, {
    hint: `${hint ?? ''} For braces as they are, write {{ and }}.`.trim(),
  })
}

/** Where the paths of a job lie for one attempt: its sources as they are, its targets in their staging folders. */
export interface RecipePaths {
  readonly sources: ReadonlyMap<string, readonly string[]>
  readonly targets: ReadonlyMap<string, string>
}

/** Paths by the name of their pattern. `targetPath` says where a target is to be written. */
export function recipePaths(job: Job, targetPath: (path: string) => string): RecipePaths {
  return {
    sources: new Map(job.sources.map((s) => [s.name, s.gathered ?? [s.path]])),
    targets: new Map(job.targets.map((t) => [t.name, targetPath(t.path)])),
  }
}

/** The command to run: words, and what to add to the environment. */
export function expandRecipe(job: Job, paths: RecipePaths): { words: string[]; environment: Record<string, string> } {
  const recipe = job.rule.recipe
  if (recipe.kind === 'command') {
    return { words: recipe.words.flatMap((word) => expandWord(word, job, paths)), environment: {} }
  }
  const sources = [...paths.sources.values()].flat()
  return {
    words: ['bash', '-euo', 'pipefail', '-c', recipe.text, job.rule.name, ...sources],
    environment: scriptEnvironment(job, paths),
  }
}

function expandWord(word: Word, job: Job, paths: RecipePaths): string[] {
  if (word.length === 1 && typeof word[0] !== 'string') return placeholderWords(word[0]!, job, paths)
  return [word.map((p) => (typeof p === 'string' ? p : placeholderWords(p, job, paths).join(' '))).join('')]
}

function placeholderWords(p: Placeholder, job: Job, paths: RecipePaths): string[] {
  switch (p.kind) {
    case 'value':
      return [values(job)[p.name] ?? '']
    case 'slots':
      return [String(job.rule.pools.get(p.pool) ?? 0)]
    case 'source':
    case 'sources':
      return p.name === undefined ? [...paths.sources.values()].flat() : [...(paths.sources.get(p.name) ?? [])]
    case 'target':
    case 'targets':
      return p.name === undefined ? [...paths.targets.values()] : [paths.targets.get(p.name) ?? '']
  }
}

/** The params whose values reach the recipe: those that a command names; all of them in a script, which passes them on. */
export function usedParams(job: Job): [name: string, value: string][] {
  const { recipe } = job.rule
  if (recipe.kind === 'script') return [...job.params]
  const named = new Set(
    recipe.words.flat().flatMap((p) => (typeof p !== 'string' && p.kind === 'value' ? [p.name] : [])),
  )
  return [...job.params].filter(([name]) => named.has(name))
}

const values = (job: Job): Binding => ({ ...job.binding, ...Object.fromEntries(job.params) })

/** In bytes. No system takes much longer ones: Linux 128 KiB, name and all. */
const longestVariable = 100_000

function scriptEnvironment(job: Job, paths: RecipePaths): Record<string, string> {
  const environment: Record<string, string> = { ...values(job) }
  for (const [name, list] of paths.sources) {
    const text = list.join('\n')
    // Of thousands there is "$@", and no variable: with one that is too long nothing could be started.
    if (new TextEncoder().encode(text).length <= longestVariable) environment[`sources_${name}`] = text
  }
  for (const [name, path] of paths.targets) environment[`targets_${name}`] = path
  for (const [pool, slots] of job.rule.pools) environment[`slots_${pool}`] = String(slots)
  environment.source = [...paths.sources.values()].flat()[0] ?? ''
  environment.target = [...paths.targets.values()][0] ?? ''
  return environment
}

/** The first line of an attempt's log: what was run. A script is named, since its text stands in the rule file. */
export function commandLine(job: Job, words: readonly string[]): string {
  if (job.rule.recipe.kind === 'command') return shownCommand(words)
  // bash -euo pipefail -c TEXT NAME SOURCE…
  return shownCommand(['bash', `(script of rule ${job.rule.name})`, ...words.slice(6)])
}

/** More words are named by their number: a table is made of ten thousand files. */
const mostWordsShown = 100
const lastWordsShown = 10

/** A command as a person could type it: words quoted where a shell would need it. Of thousands of them the first and the last. */
export function shownCommand(words: readonly string[]): string {
  const left = words.length - mostWordsShown
  if (left > 0) {
    const [first, last] = [words.slice(0, mostWordsShown - lastWordsShown), words.slice(-lastWordsShown)]
    return `${shownCommand(first)} … and ${left} more … ${shownCommand(last)}`
  }
  return words.map((w) => (/^[\w@%+=:,./{}-]+$/.test(w) ? w : `'${w.replaceAll("'", "'\\''")}'`)).join(' ')
}
