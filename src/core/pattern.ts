import { UserError } from '../model/errors.ts'
import type { Binding } from '../model/job.ts'
import type { Part, Pattern, Segment } from '../model/rule.ts'
import { batchPattern, namePattern } from './names.ts'

/** PATH_MAX of Linux. */
const longestPath = 4096

/**
 * A name may be matched in as many ways as there are places for what is open in it: with more of them, a name that somebody
 * made for it would be tried for hours. Names of real programs have three at the most (`{batch}_g{g}_t{t}.imec{probe}`).
 */
const mostWays = 3
const mostDepths = 2

const wildcardRegex = new RegExp(`^${namePattern}$`)

/**
 * Reads a pattern: `data/mat/{batch}/`, `data/mat/{batch}/*.mat`, `probes/*.json`. Throws UserError.
 * `absolute` allows a leading slash (things to read may lie on another disk; targets may not).
 */
export function parsePattern(written: string, options: { readonly absolute: boolean }): Pattern {
  const isFolder = written.endsWith('/')
  const text = written.replace(/^(\.\/)+/, '').replace(/\/+$/, '')
  if (text === '' || text === '.') {
    throw new UserError(`"${written}" names no file or folder`, { hint: 'Write a path below the workspace.' })
  }
  if (text.includes('\0') || text.includes('\n')) throw new UserError('a path holds a line end or a NUL')
  if (text.length > longestPath) throw new UserError(`a path of ${text.length} signs is longer than any system takes`)
  const rooted = text.startsWith('/')
  if (rooted && !options.absolute) {
    throw new UserError(`"${written}" is an absolute path`, {
      hint: 'Targets lie inside the workspace: write it without the leading slash, or link the other disk into data/.',
    })
  }
  const names = (rooted ? text.slice(1) : text).split('/')
  const segments = names.map((name) => parseSegment(name, written))
  refuseManyWays(segments, written)
  const wildcards: string[] = []
  const source = segments.map((segment, i) => segmentSource(segment, i === segments.length - 1, wildcards)).join('')
  return {
    text,
    isFolder,
    wildcards: wildcards.filter((name) => !isOwnGroup(name)),
    gathers: segments.some((s) => s.kind === 'anyDepth' || (s.kind === 'match' && s.parts.some((p) => 'star' in p))),
    segments,
    pieces: text.split(/\{([a-z0-9_]+)\}/),
    prefix: /^[^{*]*/.exec(text)![0],
    regex: new RegExp(`^${rooted ? '/' : ''}${source}$`, 'u'),
  }
}

function parseSegment(name: string, written: string): Segment {
  if (name === '') throw new UserError(`"${written}" has an empty part between slashes`)
  if (name === '.' || name === '..') {
    throw new UserError(`"${written}" has "${name}" in it`, {
      hint: 'Paths start at the workspace and go down. To use another place, link it into data/.',
    })
  }
  if (name === '**') return { kind: 'anyDepth' }
  if (name.includes('**')) throw new UserError(`"${written}": ** must stand alone between slashes`)
  const parts = parseParts(name, written)
  if (parts.length === 1 && 'literal' in parts[0]!) return { kind: 'literal', name: parts[0].literal }
  const strict = new RegExp(`^${partsSource(parts, [], 'strict')}$`, 'u')
  const loose = new RegExp(`^${partsSource(parts, [], 'loose')}$`, 'u')
  return { kind: 'match', parts, strict, loose }
}

function refuseManyWays(segments: readonly Segment[], written: string): void {
  const known = new Set<string>()
  let ways = 0
  for (const segment of segments) {
    if (segment.kind !== 'match' || isStarsOnly(segment.parts)) continue
    const open = segment.parts.filter((part) => 'star' in part || ('wildcard' in part && !known.has(part.wildcard)))
    ways += Math.max(0, open.length - 1)
    for (const part of segment.parts) if ('wildcard' in part) known.add(part.wildcard)
  }
  const depths = segments.filter(({ kind }) => kind === 'anyDepth').length
  if (ways <= mostWays && depths <= mostDepths) return
  throw new UserError(`"${written}" leaves too much open: a path could be read in too many ways`, {
    hint: 'Write ** twice at the most, and fewer {wildcards} and * into one name.',
  })
}

const isStarsOnly = (parts: readonly Part[]) => parts.every((part) => !('wildcard' in part))

function parseParts(name: string, written: string): Part[] {
  const parts: Part[] = []
  for (const [piece] of name.matchAll(/\{[^}]*\}?|\*|[^{*]+/g)) {
    const before = parts.at(-1)
    if (piece === '*') {
      parts.push({ star: true })
    } else if (piece.startsWith('{')) {
      const wildcard = piece.slice(1, -1)
      if (!piece.endsWith('}') || !wildcardRegex.test(wildcard)) {
        throw new UserError(`"${piece}" in "${written}" is not a wildcard`, {
          hint: 'A wildcard is {name}: small letters, digits and _. For alternatives write two patterns.',
        })
      }
      // The one small-letter name that every object of JavaScript has a value for.
      if (wildcard === 'constructor') throw new UserError('a wildcard cannot be called "constructor"')
      if (before !== undefined && !('literal' in before)) {
        throw new UserError(`"${written}": nothing stands between ${piece} and what is before it`, {
          hint: 'Put a letter or sign between them, so that it is clear where one ends.',
        })
      }
      parts.push({ wildcard })
    } else {
      if (piece.includes('}')) throw new UserError(`"${written}" has a } without its {`)
      parts.push({ literal: piece })
    }
  }
  return parts
}

const quote = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

/** Source of the regular expression of one segment. `seen` collects wildcards: a second use must repeat the first value. */
function partsSource(parts: readonly Part[], seen: string[], how: 'strict' | 'loose'): string {
  const first = parts[0]
  let source = first !== undefined && 'literal' in first ? '' : '(?!\\.)'
  if (isStarsOnly(parts)) return source + starsSource(parts, seen)
  for (const part of parts) {
    if ('literal' in part) source += quote(part.literal)
    else if ('star' in part) source += '[^/]*'
    else if (seen.includes(part.wildcard)) source += `\\k<${part.wildcard}>`
    else {
      seen.push(part.wildcard)
      const any = '(?!-)[^/\\n]+'
      source += `(?<${part.wildcard}>${part.wildcard === 'batch' && how === 'strict' ? batchPattern : how === 'strict' ? any : '[^/]+'})`
    }
  }
  return source
}

/** As globs.ts; groups are numbered on through the whole pattern, in names that no wildcard can have. */
function starsSource(parts: readonly Part[], seen: string[]): string {
  let source = ''
  let isOpen = false
  parts.forEach((part, i) => {
    if (!('literal' in part)) isOpen = true
    else if (!isOpen) source += quote(part.literal)
    else if (i === parts.length - 1) source += `[^/]*${quote(part.literal)}`
    else {
      const group = `_${seen.length}`
      seen.push(group)
      source += `(?=(?<${group}>[^/]*?${quote(part.literal)}))\\k<${group}>`
    }
  })
  return parts.at(-1) !== undefined && 'star' in parts.at(-1)! ? `${source}[^/]*` : source
}

function segmentSource(segment: Segment, isLast: boolean, wildcards: string[]): string {
  const slash = isLast ? '' : '/'
  switch (segment.kind) {
    case 'literal':
      return quote(segment.name) + slash
    case 'anyDepth':
      return isLast ? '(?:(?!\\.)[^/]+/)*(?!\\.)[^/]+' : '(?:(?!\\.)[^/]+/)*'
    case 'match':
      return partsSource(segment.parts, wildcards, 'strict') + slash
  }
}

const isOwnGroup = (name: string) => name.startsWith('_')

/** What wildcards are bound to, of a match of a pattern or a segment. */
export function bindingOf({ groups = {} }: RegExpExecArray): Binding {
  const names = Object.keys(groups)
  if (!names.some(isOwnGroup)) return { ...groups }
  return Object.fromEntries(Object.entries(groups).filter(([name]) => !isOwnGroup(name)))
}

/** Values of the wildcards where the whole path matches, else undefined. `path` has no trailing slash. */
export function matchPattern(pattern: Pattern, path: string): Binding | undefined {
  // Most paths belong to other rules: the first letters tell, at a fraction of the cost.
  if (!path.startsWith(pattern.prefix)) return undefined
  const match = pattern.regex.exec(path)
  if (match === null) return undefined
  // Not bindingOf: a copy of what the match has is an object that V8 looks up as slowly as a table, ten times in each plan.
  const binding: Record<string, string> = {}
  for (const name of pattern.wildcards) binding[name] = match.groups![name]!
  return binding
}

/** The path with the wildcards filled in; `*` and `**` stay. Wildcards without a value stay as `{name}`. */
export function expandPattern(pattern: Pattern, binding: Binding): string {
  const { pieces } = pattern
  let path = pieces[0]!
  // A plain loop: every target of every batch passes here, several times in one plan.
  for (let i = 1; i < pieces.length; i += 2) path += (binding[pieces[i]!] ?? `{${pieces[i]}}`) + pieces[i + 1]
  return path
}

/** The one name that a segment stands for with these values; undefined if something in it is still open. */
export function bindSegment(segment: Segment & { readonly kind: 'match' }, binding: Binding): string | undefined {
  let name = ''
  for (const part of segment.parts) {
    const text = 'literal' in part ? part.literal : 'wildcard' in part ? binding[part.wildcard] : undefined
    if (text === undefined) return undefined
    name += text
  }
  return name
}

/** Index of the first segment that has {batch}; -1 without one. */
export function batchSegment(pattern: Pattern): number {
  return pattern.segments.findIndex(
    (segment) => segment.kind === 'match' && segment.parts.some((p) => 'wildcard' in p && p.wildcard === 'batch'),
  )
}

/** {batch} is all that is open in its segment, `{batch}` or `{batch}.kwd`: the name of the segment tells the batch, and the batch the name. */
export function bindsBatchAlone(pattern: Pattern): boolean {
  const segment = pattern.segments[batchSegment(pattern)]
  return segment?.kind === 'match' && segment.parts.filter((part) => !('literal' in part)).length === 1
}

/** Does a batch have one path of the pattern? */
export function isOfBatchAlone(pattern: Pattern): boolean {
  return pattern.wildcards.length === 1 && bindsBatchAlone(pattern) && !pattern.gathers
}

/** A glob in fast-glob's language: bound wildcards as their value, others as `*`, everything else literal. */
export function patternGlob(pattern: Pattern, binding: Binding): string {
  const literal = (text: string) => text.replace(/[\\()[\]{}!?@+|*]/g, '\\$&')
  const segments = pattern.segments.map((segment) => {
    if (segment.kind === 'literal') return literal(segment.name)
    if (segment.kind === 'anyDepth') return '**'
    return segment.parts
      .map((part) => {
        if ('literal' in part) return literal(part.literal)
        const value = 'wildcard' in part ? binding[part.wildcard] : undefined
        return value === undefined ? '*' : literal(value)
      })
      .join('')
  })
  return (pattern.text.startsWith('/') ? '/' : '') + segments.join('/')
}

/** Patterns that could name one path whatever their wildcards are called: `a/{x}.kwd` and `a/{batch}.kwd`. */
export function patternShape(pattern: Pattern): string {
  return pattern.text.replace(/\{[a-z0-9_]+\}/g, '{}')
}

/** Does the folder at `folder` lie above `path`? */
export function isBelow(path: string, folder: string): boolean {
  return path.length > folder.length && path.startsWith(folder) && path[folder.length] === '/'
}

/** Whatever their wildcards stand for, no path of one pattern is, holds, or lies in a path of the other. By their beginnings alone. */
export function areApart(a: Pattern, b: Pattern): boolean {
  return !a.prefix.startsWith(b.prefix) && !b.prefix.startsWith(a.prefix)
}

const noFolders: readonly string[] = []

/**
 * Folders above a path, nearest first: `a/b/c` → `a/b`, `a`. None that are shorter than `leastLength`: who looks for one among
 * some folders knows how short these may be, and most paths have none so long above them.
 */
export function foldersAbove(path: string, leastLength = 1): readonly string[] {
  const least = Math.max(1, leastLength)
  let at = path.lastIndexOf('/')
  if (at < least) return noFolders
  const folders: string[] = []
  for (; at >= least; at = path.lastIndexOf('/', at - 1)) folders.push(path.slice(0, at))
  return folders
}
