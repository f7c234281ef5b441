import { groupBy } from '../../src/core/groupBy.ts'
import type { Build } from './builds.ts'
import type { Lab } from './lab.ts'
import { type Files, sourceText } from './recordings.ts'

/** A recording that labmake is to have: as it is, and as it was each time that it was whole. */
export interface Recording {
  readonly batch: string
  files: Files
  /** What recipes write down of it, at each time that it was whole. */
  readonly texts: string[]
  /** When its files were changed after they were taken, ms since the epoch. */
  readonly changedMs: number[]
  /** Told to try again by a person: so many attempts more may fail. */
  retries: number
  /** What a person left in the phy folder, and what it was made of then. */
  edit: { readonly text: string; readonly madeOf: string } | undefined
}

export function newRecording(batch: string, files: Files): Recording {
  return { batch, files, texts: [sourceText(files)], changedMs: [], retries: 0, edit: undefined }
}

/** It holds other files from now on. */
export function changeFiles(recording: Recording, files: Files): void {
  recording.files = files
  recording.texts.push(sourceText(files))
  recording.changedMs.push(Date.now())
}

/** What a target is to hold. Undefined for a phy folder whose batch has no row. */
export function expectedKwd({ batch, texts }: Recording, lab: Lab): string {
  return `kwd ${lab.editions.kwd} omit=${lab.values(batch, 'omit').at(-1) ?? ''}\n${texts.at(-1)}\n`
}

export function expectedPhy(recording: Recording, lab: Lab): string | undefined {
  const gain = lab.values(recording.batch, 'gain').at(-1)
  return gain === undefined ? undefined : `phy ${lab.editions.phy} gain=${gain}\n${expectedKwd(recording, lab)}`
}

/** Which of the values that each ingredient had, in their order, a build was made from; undefined: one that it never had. */
type Ages = readonly (number | undefined)[]

const shape = /^(?:phy (?<phy>\d+) gain=(?<gain>[^|]*)\|)?kwd (?<kwd>\d+) omit=(?<omit>[^|]*)\|(?<source>.*)$/

function agesOf(content: string, { batch, texts }: Recording, lab: Lab): Ages {
  const { phy, gain, kwd, omit, source } = shape.exec(content)?.groups ?? {}
  const place = (values: readonly unknown[], value: unknown) => {
    const at = values.lastIndexOf(value)
    return at < 0 ? undefined : at
  }
  const edition = (rule: 'kwd' | 'phy', text: string | undefined) =>
    Number(text) <= lab.editions[rule] ? Number(text) : undefined
  const ofKwd = [
    edition('kwd', kwd),
    place(
      lab.values(batch, 'omit').map((value) => value ?? ''),
      omit,
    ),
    place(
      texts.map((text) => text.replaceAll('\n', '|')),
      source,
    ),
  ]
  return phy === undefined ? ofKwd : [...ofKwd, edition('phy', phy), place(lab.values(batch, 'gain'), gain)]
}

/** Stamps are taken before a recipe writes down its start: on a slow machine by so much. */
const beforeStartMs = 2000
const excuseMs = 2000

/**
 * Faults of what an engine built, in words; none if all is well: each build read what was there at one time, never anything
 * older than the build before it, and never the very same again, but where its source changed while it ran: then labmake
 * cannot know what the recipe read of it, and makes it once more.
 */
export function judgeBuilds(
  builds: readonly Build[],
  recordings: ReadonlyMap<string, Recording>,
  lab: Lab,
): { readonly faults: readonly string[]; readonly excused: number } {
  const faults: string[] = []
  let excused = 0
  const byJob = groupBy(builds, ({ job }) => job)
  const made = (job: string) => (byJob.get(job) ?? []).filter(({ how }) => how === 'made')
  for (const [job, all] of byJob) {
    const [rule = '', batch = ''] = job.split('/')
    const recording = recordings.get(batch)
    if (recording === undefined) {
      faults.push(`${job} was built, and nobody ever dropped ${batch}`)
      continue
    }
    let before: Build | undefined
    let beforeAges: Ages | undefined
    for (const build of made(job)) {
      const ages = agesOf(build.content, recording, lab)
      if (ages.includes(undefined)) faults.push(`${job} read what never was whole: ${build.content} (${ages})`)
      if (before !== undefined && before.content === build.content) {
        const { startMs, endMs } = before
        const changes =
          rule === 'kwd' ? recording.changedMs : made(`kwd/${batch}`).map(({ endMs: changedMs }) => changedMs)
        const isExcused = changes.some((ms) => ms > startMs - beforeStartMs && ms < endMs + excuseMs)
        if (isExcused) excused++
        else faults.push(`${job} was built twice from the very same: ${build.content}`)
      } else if (beforeAges?.some((age, i) => (ages[i] ?? 0) < (age ?? 0))) {
        faults.push(`${job} was built from older things than before: ${before?.content}, then ${build.content}`)
      }
      before = build
      beforeAges = ages
    }
    faults.push(...judgeFailures(job, all, recording))
  }
  return { faults, excused }
}

/** What failed is left to a person, until something changes that it is made from. */
function judgeFailures(job: string, builds: readonly Build[], { retries }: Recording): string[] {
  const failed = builds.filter(({ how }) => how === 'failed')
  const kinds = new Set(failed.map(({ content }) => content)).size
  return failed.length <= kinds + retries
    ? []
    : [`${job} failed ${failed.length} times, of ${kinds} states of things, and a person said retry ${retries} times`]
}
