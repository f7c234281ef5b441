// A workspace in which everything is made already, written in seconds: to build 20,000 targets takes a quarter of an hour.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { openTempFolder } from './tempFolder.mjs'

/** Of labmake. */
export const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
export const mats = ['m0.mat', 'm1.mat', 'm2.mat', 'm3.mat']
export const batchName = (i) => `b${String(i).padStart(6, '0')}`

/** A folder of four small .mat files. */
export function writeRecording(folder) {
  mkdirSync(folder, { recursive: true })
  for (const name of mats) writeFileSync(`${folder}/${name}`, `${folder}/${name}\n`)
}

/** Sources of all batches, and after them the targets. */
export function writeMade(root, batches) {
  for (const sub of ['data/mat', 'data/kwd']) mkdirSync(`${root}/${sub}`, { recursive: true })
  for (let i = 0; i < batches; i++) {
    writeRecording(`${root}/data/mat/${batchName(i)}`)
    writeFileSync(`${root}/data/kwd/${batchName(i)}.kwd`, batchName(i))
    mkdirSync(`${root}/data/phy/${batchName(i)}`, { recursive: true })
    writeFileSync(`${root}/data/phy/${batchName(i)}/params.py`, batchName(i))
  }
}

/** Writes sources, targets, and a journal that knows what each target was made from. `rulesText` has a rule kwd and a rule phy. */
export async function writeStanding(root, batches, rulesText) {
  for (const sub of ['rules', 'inbox', 'data/manifests', '.labmake']) mkdirSync(`${root}/${sub}`, { recursive: true })
  writeFileSync(`${root}/rules/bench.yaml`, rulesText)
  writeMade(root, batches)
  const it = await loadSources()
  const workspace = await it.openWorkspace(root)
  const { plan, graph } = workspace.plan()
  const survey = it.surveyDisk(workspace.disk)
  const at = new Date().toISOString()
  const lines = plan.jobs.map(({ job }) => {
    const made = { ...it.takeIngredients(job, survey, graph.ignoreOf), targets: it.takeTargets(job, survey) }
    const base = { type: 'made', at, job: job.id, target: job.targets[0].path }
    return it.formatLine({ ...base, ...made, attempt: 1, seconds: 0.1, log: '' })
  })
  writeFileSync(`${root}/.labmake/journal.jsonl`, lines.join(''))
}

let sources

/** The parts of labmake that know how a journal is written and how an engine is talked to, bundled from src/. */
export function loadSources() {
  sources ??= bundleSources()
  return sources
}

async function bundleSources() {
  const { folder } = openTempFolder('sources')
  const modules = ['cli/workspace', 'core/provenance', 'core/survey', 'io/journalLines', 'server/client', 'core/board']
  const outfile = `${folder}/sources.mjs`
  await build({
    stdin: {
      contents: modules.map((name) => `export * from './src/${name}.ts'`).join('\n'),
      resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    outfile,
    define: { LABMAKE_VERSION: JSON.stringify(version) },
    banner: { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' },
  })
  return import(pathToFileURL(outfile).href)
}
