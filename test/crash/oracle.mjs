// What must be true of a workspace when all is quiet, whatever was killed before. Nothing here is labmake's word but its
// journal: the targets hold what their recipes read, and the recipes noted what they did.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { processesIn } from './lab.mjs'

const names = (folder) => (existsSync(folder) ? readdirSync(folder).sort() : [])
const text = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)
const wholeTarget = /^read=(omit=\S* .*)\nsign=(\S+)\nend\n$/

/** What a whole target says of itself; undefined if it is not whole. */
export function parseTarget(content) {
  const [, read, sign] = wholeTarget.exec(content ?? '') ?? []
  return sign === undefined ? undefined : { read, sign }
}

/** Runs of recipes by their own notes: job, read, sign, pid, startNs, and how they ended, where they did. */
export function readRuns(root) {
  const runs = new Map()
  const problems = []
  for (const line of readFileSync(join(root, 'notes.log'), 'utf8').split('\n').filter(Boolean)) {
    const [, at, pid, sign, job, what, rest] = /^(\d+) (\d+) (\S+) (\S+) (\w+) ?(.*)$/.exec(line) ?? []
    if (what === 'overlap') problems.push(`${job} ran twice at once (${line})`)
    else if (what === 'over') problems.push(`pool ${rest} was over its slots as ${job} started (${line})`)
    else if (what === 'start') runs.set(sign, { job, read: rest, sign, pid: Number(pid), startNs: BigInt(at) })
    else runs.set(sign, { ...runs.get(sign), ended: what, endNs: BigInt(at) })
  }
  return { runs: [...runs.values()], problems }
}

/** Journal lines, each with its check sum looked at here. */
function readJournal(root, problems) {
  const content = text(join(root, '.labmake/journal.jsonl')) ?? ''
  if (!content.endsWith('\n')) problems.push('the last line of the journal is torn')
  return content
    .split('\n')
    .filter(Boolean)
    .flatMap((line, i) => {
      const [, body, sum] = /^(.*),"sum":"([0-9a-f]{8})"\}$/.exec(line) ?? []
      if (body !== undefined && crc32(body).toString(16).padStart(8, '0') === sum) return [JSON.parse(`${body}}`)]
      problems.push(`line ${i + 1} of the journal is damaged: ${line.slice(0, 100)}`)
      return []
    })
}

function checkJournal(records, problems) {
  const attempts = new Map()
  for (const { type, job, attempt, cause } of records) {
    if (attempt === undefined || cause?.kind === 'unstable-source') continue
    const key = `${job} attempt ${attempt}`
    attempts.set(key, [...(attempts.get(key) ?? []), type])
  }
  for (const [key, types] of attempts) {
    const started = types.filter((type) => type === 'started').length
    const ended = types.length - started
    if (started !== 1 || ended !== 1) problems.push(`${key} is in the journal as ${types.join(', ')}`)
  }
}

/** `expected`: batches with what their recordings and params are now: a map of name to {files, omit}. */
function checkTargets(root, expected, runs, problems) {
  const ended = new Map(runs.filter((run) => run.ended === 'end').map((run) => [run.sign, run]))
  for (const [batch, { files, omit }] of expected) {
    const stored = join(root, 'data/mat', batch)
    if (names(stored).join() !== Object.keys(files).sort().join()) problems.push(`${batch} holds ${names(stored)}`)
    for (const [file, content] of Object.entries(files)) {
      if (text(join(stored, file)) !== content) problems.push(`data/mat/${batch}/${file} is not what was dropped`)
    }
    const kwdText = text(join(root, 'data/kwd', `${batch}.kwd`))
    const kwd = parseTarget(kwdText)
    const read = `omit=o${omit} ${Object.keys(files)
      .sort()
      .map((file) => files[file])
      .join('')
      .replaceAll('\n', ',')}`
    if (kwd?.read !== read) problems.push(`${batch}.kwd is of "${kwd?.read}", not of "${read}"`)
    if (text(join(root, 'data/reports', `${batch}.txt`)) !== kwdText) problems.push(`${batch}: kwd and report differ`)
    const phy = parseTarget(text(join(root, 'data/phy', batch, 'spikes')))
    if (phy?.read !== `omit=none ${kwdText?.replaceAll('\n', ',')}`) problems.push(`phy/${batch} is of another kwd`)
    if (text(join(root, 'data/phy', batch, 'params.py')) !== 'whole\n') problems.push(`phy/${batch} is not whole`)
    for (const [what, made] of [
      ['clean', kwd],
      ['sort', phy],
    ]) {
      if (ended.get(made?.sign)?.job !== `${what}/${batch}`) problems.push(`no recipe signed ${what}/${batch}`)
    }
  }
}

/** A run of the very same as one that had come to its end well, for which `excused` knows no cause. */
function checkRepeats(runs, excused, problems) {
  const done = new Map()
  for (const run of runs) {
    const key = `${run.job} ${run.read}`
    const before = done.get(key)
    if (before !== undefined && !excused(before)) problems.push(`${run.job} ran twice for one reason: ${run.read}`)
    if (run.ended === 'end') done.set(key, run)
  }
}

/** A socket of one that was killed is replaced by the next that serves, and a look by the next that looks. */
const keptInState =
  /^(journal\.jsonl|logs|running|claims|attempts|attic|engine\.sock|engine\.socket(\.new)?|look.*|notices.*|version.*)$/

function checkLeftovers(root, problems) {
  const stagings = readdirSync(root, { recursive: true }).filter((path) => path.includes('.labmake-'))
  if (stagings.length > 0) problems.push(`staging is left: ${stagings.slice(0, 5)}`)
  for (const folder of ['running', 'claims']) {
    const left = names(join(root, '.labmake', folder))
    if (left.length > 0) problems.push(`.labmake/${folder} holds ${left.slice(0, 5)}`)
  }
  const state = names(join(root, '.labmake')).filter((name) => !keptInState.test(name))
  if (state.length > 0) problems.push(`.labmake holds ${state.slice(0, 5)}`)
  const inbox = names(join(root, 'inbox')).filter((name) => name !== 'rejected')
  if (inbox.length > 0) problems.push(`the inbox holds ${inbox.slice(0, 5)}`)
  // The shell that starts recipes ends an instant after its labmake.
  for (let look = 0; look < 100 && processesIn(root).length > 0; look++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
  for (const { pid, words } of processesIn(root)) problems.push(`process ${pid} is left: ${words.slice(0, 100)}`)
}

/** Copies of a drop that were kept because the same was there. */
function copiesInAttic(root, name) {
  const paths = existsSync(join(root, '.labmake/attic'))
    ? readdirSync(join(root, '.labmake/attic'), { recursive: true })
    : []
  return paths.filter((path) => new RegExp(`/inbox/${name}( \\(\\d+\\))?$`).test(path)).length
}

function checkDrops(root, { refused, copies }, problems) {
  const rejected = names(join(root, 'inbox/rejected'))
  for (const [name, times] of copies) {
    const kept = copiesInAttic(root, name)
    if (kept !== times) problems.push(`${name} was dropped again ${times} times, and ${kept} of it were kept`)
  }
  const wanted = new Set(refused.flatMap((name) => [name, `${name}.why.txt`]))
  const missing = [...wanted].filter((name) => !rejected.includes(name))
  const more = rejected.filter((name) => !wanted.has(name))
  if (missing.length > 0) problems.push(`inbox/rejected lacks ${missing}`)
  if (more.length > 0) problems.push(`inbox/rejected holds ${more}`)
}

/**
 * All that is wrong, in words; empty if nothing is. `refused`: drops that are to lie in inbox/rejected/; `copies`: how often
 * a drop was dropped again as it was. `excused(run)`: may the same be run again after it?
 */
export function judge(root, { expected, refused, copies = new Map(), excused = () => false }) {
  const { runs, problems } = readRuns(root)
  checkTargets(root, expected, runs, problems)
  checkRepeats(runs, excused, problems)
  const records = readJournal(root, problems)
  checkJournal(records, problems)
  checkLeftovers(root, problems)
  checkDrops(root, { refused, copies }, problems)
  return { problems, runs, records }
}
