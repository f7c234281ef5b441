// `npm run demo:record`: runs `npm run demo` in a terminal of its own, in a fresh clone, presses some keys, and writes what was
// to be seen to .github/demo.svg. Needs tmux, and unshare (util-linux) to give the host another name.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, hostname, userInfo } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)
const picture = '.github/demo.svg'
const size = { columns: 100, rows: 26 }
const lookEveryMs = 100
/** Viewers wait no longer than this for something to change. */
const longestPauseMs = 2500
/** How long a key is shown. */
const keyMs = 1000
/** Under load everything takes longer; this is not reached unless something is wrong. */
const patienceMs = 120_000
const captionOfWork = 'never more jobs at once than the pools allow'

// A place that tells nothing of this machine: its name is on the screen.
const lab = '/tmp/lab'
const home = '/tmp/lab-home'
if (existsSync(lab) || existsSync(home)) throw new Error(`${lab} or ${home} is in the way: remove it, then try again.`)

const socket = `labmake-record-${process.pid}`
const environment = {
  PATH: process.env.PATH,
  HOME: home,
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  npm_config_update_notifier: 'false',
}
const tmux = (...words) => {
  return execFileSync('tmux', ['-f', '/dev/null', '-L', socket, ...words], {
    env: environment,
    encoding: 'utf8',
  })
}
const { movieSvg } = await load('src/record/movie.ts')

const frames = []
let screen = ''
let caption = 'npm run demo'
let key = { name: '', untilMs: 0 }
try {
  execFileSync('git', ['clone', '--quiet', root, lab])
  symlinkSync(`${root}node_modules`, `${lab}/node_modules`)
  openTerminal()
  const looking = setInterval(look, lookEveryMs)
  try {
    await play()
  } finally {
    clearInterval(looking)
  }
  write()
} finally {
  spawnSync('node', [`${lab}/dist/labmake.js`, 'engine', 'stop', '--end-jobs', '-C', lab], { stdio: 'ignore' })
  // It may not have been started.
  spawnSync('tmux', ['-L', socket, 'kill-server'], { stdio: 'ignore' })
  for (const folder of [lab, home]) rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
}

/** The pure part is TypeScript, which not every Node reads: it is bundled on the way. */
async function load(path) {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

function openTerminal() {
  const command = `printf '$ npm run demo\\n'; npm run demo; sleep ${patienceMs / 1000}`
  const inside = `echo lab >/proc/sys/kernel/hostname; exec "$@"`
  const start = [
    ...['tmux', '-f', '/dev/null', '-L', socket],
    ...['start-server', ';', 'set-option', '-g', 'status', 'off', ';'],
    ...['new-session', '-d', '-x', String(size.columns), '-y', String(size.rows), '-c', lab, command],
  ]
  const unshare = ['--user', '--map-root-user', '--uts', 'sh', '-c', inside, 'sh', ...start]
  execFileSync('unshare', unshare, { env: environment, stdio: 'inherit' })
}

function look() {
  const text = tmux('capture-pane', '-e', '-p')
  const atMs = Date.now()
  const shownKey = atMs < key.untilMs ? key.name : ''
  const last = frames.at(-1)
  screen = text.replaceAll(/\x1b\[[\d;]*m/g, '')
  if (last?.text === text && last.caption === caption && last.key === shownKey) return
  frames.push({ atMs, text, caption, key: shownKey })
}

/** The demo, as somebody goes through it who wants to see everything. */
async function play() {
  await until('the screen is there', () => screen.includes('q leave'))
  caption = 'labmake watch looks after an inbox/'
  await wait(800)
  press('3', caption)
  await until('a recording arrives', () => /demo_01 .*(arriving|settling)/.test(screen))
  caption = 'a recording is being dropped into it …'
  await until('it is taken', () => !screen.includes('demo_01'))
  press('1', '… and is taken when it is whole')
  await until('it is de-noised', () => /demo_01 +►/.test(screen))
  caption = 'all that can be made of it now is made'
  await until('its spikes are sorted', () => /demo_01 +✓ \S+ +[►✓]/.test(screen))
  await until('the second one is at work', () => /demo_02 .*[►✓]/.test(screen))
  caption = 'each batch goes its own way'
  await wait(700)
  press('j', caption)
  await wait(1000)
  press('l', 'the log of a job, while it grows')
  await wait(2500)
  press('Escape', captionOfWork, 'esc')
  await until('a drop was refused', () => /3 inbox \d/.test(screen) && existsSync(`${lab}/inbox/rejected`))
  await wait(1000)
  press('3', 'what cannot be taken says why, and what to do')
  await until('the refused drop is listed', () => screen.includes('refused'))
  await wait(3500)
  press('1', 'what was dropped meanwhile is made as well')
  await until('all is made', () => screen.includes('✓ 8 done'))
  caption = 'all is made'
  await wait(1500)
  press('2', 'the map: a sign for each batch, however many there are')
  await wait(1800)
  press('4', 'the journal: what was made, when, and how long it took')
  await wait(2500)
  press('q', '')
  await until('the demo has ended', () => screen.includes('To see labmake decide'))
  await wait(longestPauseMs)
}

/** Presses a key; viewers are told what comes of it, and which key it was. */
function press(name, told, shown = name) {
  caption = told
  key = { name: shown, untilMs: Date.now() + keyMs }
  tmux('send-keys', name)
}

async function until(what, condition) {
  for (let waitedMs = 0; !condition(); waitedMs += lookEveryMs) {
    if (waitedMs > patienceMs) throw new Error(`It never came true that ${what}; the screen:\n${screen}`)
    await wait(lookEveryMs)
  }
}

function write() {
  const svg = movieSvg(
    { frames, endMs: Date.now() },
    {
      ...size,
      title: 'labmake watch: recordings are dropped into inbox/, taken, de-noised and sorted; one is refused',
      longestPauseMs,
      // It takes so long to read the end.
      lingerMs: 3000,
      stillCaption: captionOfWork,
    },
  )
  // In there everybody is root, and no name of anybody.
  const names = [hostname(), userInfo().username, homedir(), root].filter((name) => name !== 'root')
  const found = names.find((name) => new RegExp(`(?<!\\w)${name.replaceAll(/\W/g, '\\$&')}(?!\\w)`).test(svg))
  if (found !== undefined) throw new Error(`"${found}" is in the picture: it tells of this machine.`)
  writeFileSync(picture, svg)
  console.log(`${picture}: ${(svg.length / 1000).toFixed(0)} kB`)
}
