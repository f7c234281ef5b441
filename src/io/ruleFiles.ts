import { readdirSync, readFileSync, statSync } from 'node:fs'
import { register } from 'node:module'
import { availableParallelism } from 'node:os'
import { pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { type Document, isCollection, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { byName } from '../core/names.ts'
import type { DataPath, Locate } from '../core/ruleFaults.ts'
import { brokenRuleFile, parseRuleFile, type RuleFile } from '../core/ruleFile.ts'
import { joinRuleFiles } from '../core/ruleSet.ts'
import { type RulesInUse, rulesInUse } from '../core/rulesInUse.ts'
import { withoutSecrets } from '../core/secrets.ts'
import { UserError } from '../model/errors.ts'
import type { RuleSet } from '../model/rule.ts'
import { describeErrno, notAText } from './disk.ts'

/** One slot for each processor: what `auto` means here. */
export const processors = availableParallelism()

/**
 * Reads all rule files of a workspace, each time it is called: rules/*.yaml, *.yml and modules. What was good before and
 * is not now stays in use as it was, beside the faults: core/rulesInUse. Never throws: what is wrong is in `faults`.
 */
export function ruleReader(root: string): () => Promise<RuleSet> {
  let inUse: RulesInUse | undefined
  return async () => {
    const names = ruleNames(root)
    if (names === undefined) {
      const gone = {
        where: 'rules/',
        message: 'is not there any more',
        hint: 'Put it back. Until then the rules stay in use.',
      }
      return joinRuleFiles([...(inUse?.files ?? []), brokenRuleFile('rules/', [gone])], processors)
    }
    const read = await Promise.all(names.sort(byName).map((name) => readRuleFile(root, `rules/${name}`)))
    const files = read.map((file) => {
      const before = inUse?.files.find((other) => other.file === file.file)
      return before !== undefined && isDeepStrictEqual(before, file) ? before : file
    })
    inUse = rulesInUse(inUse, files, processors)
    return inUse.rules
  }
}

/** Names of the rule files; undefined if there is no such folder. */
function ruleNames(root: string): string[] | undefined {
  try {
    const names = readdirSync(`${root}/rules`)
    return names.filter((name) => /^[^.].*\.(ya?ml|mjs|ts)$/.test(name) && !name.endsWith('.d.ts'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UserError(`cannot look at rules/: ${describeErrno(error)}`, {
      hint: 'Mend the permissions of the folder.',
    })
  }
}

async function readRuleFile(root: string, file: string): Promise<RuleFile> {
  const broken = (problem: string) => brokenRuleFile(file, [{ where: file, message: `cannot be read: ${problem}` }])
  try {
    const problem = notAText(`${root}/${file}`)
    if (problem !== undefined) return broken(problem)
  } catch (error) {
    return broken(describeErrno(error))
  }
  return /\.(mjs|ts)$/.test(file) ? readModule(root, file) : readYaml(root, file)
}

/** A hundred times the rules of a lab with very many: what is larger is something else, and would take minutes to read. */
const longestRules = 1_000_000

const tooLong = (file: string, length: number) => {
  const hint = 'A rule speaks of every batch: only its wildcards tell them apart.'
  return brokenRuleFile(file, [{ where: file, message: `is too large for rules: ${length} bytes`, hint }])
}

function readYaml(root: string, file: string): RuleFile {
  let text: string
  try {
    const { size } = statSync(`${root}/${file}`)
    if (size > longestRules) return tooLong(file, size)
    text = readFileSync(`${root}/${file}`, 'utf8')
  } catch (error) {
    return brokenRuleFile(file, [{ where: file, message: `cannot be read: ${describeErrno(error)}` }])
  }
  return parseYamlRules(file, text)
}

/** Reads a rule file's text. Positions in faults are of the text: line and column count from 1. */
export function parseYamlRules(file: string, text: string): RuleFile {
  if (text.length > longestRules) return tooLong(file, text.length)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { where: `${file}:${line}:${col}`, excerpt: withoutSecrets(text.split(/\r?\n/)[line - 1] ?? '') }
  }
  if (document.errors.length > 0) {
    const [first] = document.errors
    return brokenRuleFile(file, [
      { ...place(first!.pos[0]), ...yamlProblem(first!.message, place(first!.pos[0]).excerpt) },
    ])
  }
  const alias = unresolvedAlias(document)
  if (alias !== undefined) {
    const { excerpt, where } = place(alias)
    return brokenRuleFile(file, [
      { where, excerpt, ...yamlProblem('* begins the name of an anchor, and there is none', excerpt) },
    ])
  }
  keepNumbersAsWritten(document.contents)
  let content: unknown
  try {
    content = document.toJS()
  } catch (error) {
    return brokenRuleFile(file, [{ where: file, message: `is not YAML that can be used: ${(error as Error).message}` }])
  }
  const locate: Locate = (path, at) => place(offsetOf(document.contents, path, at))
  return parseRuleFile(file, content, locate)
}

function yamlProblem(message: string, line: string): { message: string; hint?: string } {
  const text = `this is not YAML: ${message.replace(/ at line \d+.*$/s, '')}`
  if (/\t/.test(line)) return { message: text, hint: 'Indent with spaces, not with tabs.' }
  if (/(?::|-)\s*[{[*&!|>%@`]/.test(line))
    return { message: text, hint: 'Put the value into quotes: it begins with a sign that YAML takes for itself.' }
  return { message: text }
}

/** A param `1.50` or `007` means its text: numbers are kept as they were written. */
function keepNumbersAsWritten(contents: Node | null): void {
  const rules = isMap(contents) ? contents.get('rules') : undefined
  if (!isMap(rules)) return
  for (const { value: rule } of rules.items) {
    const params = isMap(rule) ? rule.get('params') : undefined
    if (!isMap(params)) continue
    visit(params, {
      Scalar(key, node) {
        if (key === 'value' && typeof node.value !== 'string' && node.value !== null && node.source !== undefined) {
          node.value = node.source
        }
      },
    })
  }
}

/** Where the value at `path`, or the key that names it, begins; for what is not there, the key that it is missing from. */
function offsetOf(contents: Node | null, path: DataPath, at: 'key' | 'value'): number {
  let node: unknown = contents
  let offset = contents?.range?.[0] ?? 0
  let keyOffset = offset
  for (const step of path) {
    if (!isCollection(node)) break
    const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === step) : undefined
    if (isMap(node) && pair === undefined) return keyOffset
    if (isScalar(pair?.key)) keyOffset = pair.key.range?.[0] ?? keyOffset
    node = node.get(step, true)
    offset = (node as Node | undefined)?.range?.[0] ?? keyOffset
  }
  return at === 'key' ? keyOffset : offset
}

/** Where `*name` stands for an anchor that there is not: mostly a pattern that wants quotes. */
function unresolvedAlias(document: Document): number | undefined {
  let offset: number | undefined
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document) === undefined) offset ??= node.range?.[0]
    },
  })
  return offset
}

/** Lets rule files import `labmake` wherever the workspace lies: it is the one that reads them. */
function offerOurselves(): void {
  const url = JSON.stringify(new URL('index.js', import.meta.url).href)
  const hook = `export const resolve = (name, context, next) =>
    name === 'labmake' ? { url: ${url}, shortCircuit: true } : next(name, context)`
  register(`data:text/javascript,${encodeURIComponent(hook)}`)
}

/** A module is loaded once by its URL: one that was edited is asked for by another. */
function moduleUrl(path: string): string {
  return `${pathToFileURL(path).href}?${statSync(path).mtimeMs}`
}

async function readModule(root: string, file: string): Promise<RuleFile> {
  if (file.endsWith('.ts') && !('typescript' in process.features && process.features.typescript)) {
    const hint = 'Use a Node that strips types (22.18 or newer), or write the file as .mjs or .yaml.'
    return brokenRuleFile(file, [{ where: file, message: `Node ${process.version} cannot read TypeScript`, hint }])
  }
  offerOurselves()
  let content: unknown
  try {
    content = ((await import(moduleUrl(`${root}/${file}`))) as { default?: unknown }).default
  } catch (error) {
    return brokenRuleFile(file, [{ where: file, message: `cannot be loaded: ${(error as Error).message}` }])
  }
  if (content === undefined) {
    const hint = 'Write: export default { pools: {…}, rules: {…} }'
    return brokenRuleFile(file, [{ where: file, message: 'has no default export', hint }])
  }
  const locate: Locate = (path) => ({ where: path.length === 0 ? file : `${file} (${path.map(String).join('.')})` })
  return parseRuleFile(file, content, locate)
}
