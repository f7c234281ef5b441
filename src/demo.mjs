// `npm run demo`: drops simulated recordings into this repository's own inbox/ and lets labmake make what its rules say. In a
// terminal `labmake watch` shows it; elsewhere `labmake` prints lines. What is here already is not dropped again, so a
// second run finds nothing to do, and one that was interrupted goes on.
import { spawn } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

/** `batch`: what it becomes. A name with a space in it is refused, so that one sees what that looks like. */
const drops = [
  { name: 'demo_01', batch: 'demo_01', seconds: 30 },
  {
    name: 'demo_02',
    batch: 'demo_02',
    seconds: 30,
    manifest: '# BATCH, and the channels to omit\ndemo_02\tPort_12,Port_1\n',
  },
  { name: 'demo 03', batch: 'demo_03', seconds: 5, isRefused: true },
  { name: 'demo_04', batch: 'demo_04', seconds: 30 },
  { name: 'demo_05', batch: 'demo_05', seconds: 30 },
]
/** The screen is to be there before the processors have something else to do. */
const screenFirstMs = 1500
/** labmake waits for a second after READY, lest more comes. */
const readyMs = 1200
/** An engine that is told to end, or has a drop to take, does so within a moment; it is not waited for longer than this. */
const patienceMs = 20_000

const isScreen =
  process.stdin.isTTY && process.stdout.isTTY && process.env.TERM !== 'dumb' && process.env.CI === undefined
const ending = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => ending.abort(signal))

const toDrop = drops.filter(({ name, batch, isRefused }) => {
  return !existsSync(`data/mat/${batch}`) && !(isRefused && existsSync(`inbox/rejected/${name}`))
})
try {
  const isAllMade = toDrop.length === 0 && (await jobsToMake()) === 0
  process.exitCode = isScreen && !isAllMade ? await watchIt() : await buildIt()
} catch (error) {
  console.error(`${error.message} Nothing was lost: run the demo again, or see npx labmake doctor.`)
  process.exitCode = ending.signal.aborted ? 130 : 1
}

/** The drops come while `labmake watch` shows them; resolves with its exit code. */
async function watchIt() {
  const ranBefore = await engineRuns()
  console.log('Recordings come into inbox/ while labmake watch shows what becomes of them. q leaves it.')
  const left = new AbortController()
  const stop = AbortSignal.any([left.signal, ending.signal])
  const dropping = wait(screenFirstMs, undefined, { signal: stop })
    .then(() => dropAll({ stop, say: () => {} }))
    .catch((error) => {
      if (!stop.aborted) return error
    })
  const code = await run('labmake', ['watch'], { stdio: 'inherit' })
  left.abort()
  const fault = await dropping
  // Jobs that run are not ended with it: they take seconds, and the next labmake takes over what they made.
  if (!ranBefore && (await engineRuns())) {
    await run('labmake', ['engine', 'stop'], { stdio: ['ignore', 'inherit', 'inherit'] })
    for (let waitedMs = 0; waitedMs < patienceMs && (await engineRuns()); waitedMs += 200) await wait(200)
  }
  if (fault !== undefined) throw fault
  await tellResults()
  return code
}

/** The drops, and then `labmake` until all is made; resolves with its exit code. */
async function buildIt() {
  if (toDrop.length > 0) {
    console.log('Simulating recordings with known spikes, right into the inbox:')
    await dropAll({ stop: ending.signal, say: console.log })
    await untilTaken()
  }
  // The refused one is no batch, unless somebody has taken it up by another name.
  const goals = drops
    .filter((drop) => !drop.isRefused || existsSync(`data/mat/${drop.batch}`))
    .map(({ batch }) => batch)
  console.log(`$ labmake ${goals.join(' ')}`)
  const code = await run('labmake', goals, { stdio: 'inherit' })
  await tellResults()
  return code
}

/** Simulates what is not here yet, one after the other. Rejects when it is stopped; no half recording is left then. */
async function dropAll({ stop, say }) {
  for (const { name, seconds, manifest, isRefused } of toDrop) {
    const folder = `inbox/${name}`
    if (existsSync(`${folder}/READY`)) continue
    const more = manifest === undefined ? '' : ', with a manifest of the channels to omit'
    say(`  ${folder}/${isRefused ? ', which will be refused' : more}`)
    // From a demo that was killed.
    rmSync(folder, { recursive: true, force: true })
    const options = ['--seed', String(drops.findIndex((drop) => drop.name === name) + 1), '--seconds', String(seconds)]
    let said = ''
    const code = await run('labmake-ephys', ['simulate', folder, ...options], {
      stdio: ['ignore', 'ignore', 'pipe'],
      hear: (text) => (said += text),
      signal: stop,
    }).catch(() => 1)
    if (code !== 0) {
      rmSync(folder, { recursive: true, force: true })
      throw new Error(
        stop.aborted ? 'The demo was interrupted.' : `${folder}/ could not be simulated: ${lastLine(said)}`,
      )
    }
    if (manifest !== undefined) writeFileSync(`${folder}/manifest.tsv`, manifest)
    // The last file says that all is there, so that nobody waits until the folder was still for 30 seconds.
    writeFileSync(`${folder}/READY`, '')
  }
}

/** Resolves when a `labmake` that looks now takes the drops, or an engine that runs has. */
async function untilTaken() {
  await wait(readyMs)
  if (!(await engineRuns())) return
  const isWaiting = () => toDrop.some(({ name }) => existsSync(`inbox/${name}`))
  for (let waitedMs = 0; waitedMs < patienceMs && isWaiting(); waitedMs += 100) await wait(100)
}

async function tellResults() {
  const made = drops.filter(({ batch }) => existsSync(`data/phy/${batch}/params.py`)).map(({ batch }) => batch)
  if (made.length > 0) {
    console.log(`
The results:
${made.map((batch) => `  data/kwd/${batch}.kwd   data/phy/${batch}/`).join('\n')}
The true spikes are in data/mat/<batch>/truth.json. To look at what the sorter found:
  pip install phy && phy template-gui data/phy/${made[0]}/params.py`)
  }
  const refused = drops.find(({ name, isRefused }) => isRefused && existsSync(`inbox/rejected/${name}`))
  if (refused !== undefined) {
    console.log(`
One drop was refused for its name: it lies in inbox/rejected/, with the reason beside it.
To take it by a better name:
  npx labmake inbox take '${refused.name}' --as ${refused.batch}`)
  }
  const missing = drops.filter(({ batch, isRefused }) => !isRefused && !made.includes(batch))
  if (missing.length > 0) {
    console.log(`\nNot made yet: ${missing.map(({ batch }) => batch).join(', ')}. npm run demo goes on from here.`)
  } else {
    console.log(`\nTo see labmake decide, change something and run the demo again:
  edit data/manifests/demo_02.tsv, or touch data/mat/demo_01/demo_01.mat,
  or delete data/phy/demo_04/
Or look: npx labmake status, npx labmake history, npx labmake watch`)
  }
}

const lastLine = (text) =>
  text
    .trimEnd()
    .split(/[\r\n]/)
    .at(-1)

/** How many jobs of the demo's batches are stale. */
async function jobsToMake() {
  let json = ''
  const options = { stdio: ['ignore', 'pipe', 'ignore'], hear: (text) => (json += text) }
  const goals = drops.map(({ batch }) => batch).filter((batch) => existsSync(`data/mat/${batch}`))
  // What is wrong is for the run itself to say.
  return (await run('labmake', ['--dry-run', '--json', ...goals], options)) === 0 ? JSON.parse(json).jobs.length : 1
}

async function engineRuns() {
  return (await run('labmake', ['engine', 'status'], { stdio: 'ignore' })) === 0
}

/** Runs one of our commands; resolves with its exit code. Rejects if it is stopped. */
async function run(command, args, { hear, ...options }) {
  const child = spawn(process.execPath, [`dist/${command}.js`, ...args], options)
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', hear)
  // Ctrl-C reaches all that runs in the terminal; what is told to this process alone is passed on.
  const passOn = () => ending.signal.reason !== 'SIGINT' && child.kill(ending.signal.reason)
  ending.signal.addEventListener('abort', passOn)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve(code ?? 1))
    })
  } finally {
    ending.signal.removeEventListener('abort', passOn)
  }
}
