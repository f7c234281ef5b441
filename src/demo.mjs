// `npm run demo`: simulates two recordings, builds them in this repository's own data/ with the rules in rules/, and says
// where the results are. Run again, it finds nothing to do.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

const batches = [
  { name: 'demo_01', seed: '1', omit: '' },
  { name: 'demo_02', seed: '2', omit: 'Port_12,Port_1' },
]

mkdirSync('data/mat', { recursive: true })
mkdirSync('data/manifests', { recursive: true })
for (const { name, seed } of batches) {
  if (existsSync(`data/mat/${name}`)) continue
  console.log(`Simulating a recording with known spikes: data/mat/${name}/`)
  // Made under a name that no rule matches and renamed, so that an interrupted demo leaves no half recording.
  const making = `data/mat/.making/${name}`
  rmSync(making, { recursive: true, force: true })
  mkdirSync('data/mat/.making', { recursive: true })
  run('labmake-ephys', ['simulate', making, '--seed', seed, '--seconds', '30'], {
    stdio: ['ignore', 'inherit', 'ignore'],
  })
  renameSync(making, `data/mat/${name}`)
}
rmSync('data/mat/.making', { recursive: true, force: true })
if (!existsSync('data/manifests/demo.tsv')) {
  const rows = batches.map(({ name, omit }) => `${name}\t${omit}\n`)
  writeFileSync('data/manifests/demo.tsv', `# BATCH, and the channels to omit\n${rows.join('')}`)
}

console.log(`\n$ labmake ${batches.map((b) => b.name).join(' ')}`)
const names = batches.map((b) => b.name)
run('labmake', names, { stdio: 'inherit' })

console.log(`
The results:
${names.map((name) => `  data/kwd/${name}.kwd   data/phy/${name}/`).join('\n')}
The true spikes are in data/mat/<batch>/truth.json. To look at what the sorter found:
  pip install phy && phy template-gui data/phy/${names[0]}/params.py
To see labmake decide, change something and run the demo again:
  edit data/manifests/demo.tsv, or touch data/mat/${names[0]}/${names[0]}.mat, or delete data/phy/${names[1]}`)

/** Runs one of our commands; if it fails, so does the demo. */
function run(command, args, options) {
  const { status } = spawnSync(process.execPath, [`dist/${command}.js`, ...args], options)
  if (status !== 0) {
    console.error(
      `${command} ${args.join(' ')} failed; nothing was lost. Run the demo again, or see: node dist/labmake.js doctor`,
    )
    process.exit(status ?? 1)
  }
}
