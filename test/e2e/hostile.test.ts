import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { evilFileNames, evilNames } from '../fakes/evilNames.ts'
import { type Run, type Workspace, workspace } from '../workspace.ts'

// What strangers may put into a workspace that labmake takes from: names, links, tables. No command runs that no rule
// asks for, nothing outside is written or read, and nothing reaches the terminal that it would obey.

/** A recipe that writes down exactly what it was given, and makes its target. */
const rules = `
quiet: 50ms
inbox:
  - accept: "{batch}/*.mat"
    store: data/mat/{batch}/
rules:
  show:
    sources: data/mat/{batch}/
    targets: data/kwd/{batch}.kwd
    params: { omit: "" }
    recipe: python3 -c 'import sys, json; open(sys.argv[2], "w").write(json.dumps(sys.argv[1:]))' {source} {target} {omit}
  each:
    sources: data/mat/{batch}/*
    targets: data/list/{batch}.txt
    params: { omit: "" }
    script: |
      for source in "$@"; do printf '%s\\0' "$source"; done >"$target"
      printf '%s' "$omit" >>"$target"
`

function expectTame(run: Run): void {
  expect(run.code).not.toBe(70)
  expect(run.stdout).not.toMatch(/^touch PWNED/m)
  expect(run.stdout + run.stderr).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/)
}

/** Everything in the workspace that is not labmake's or the rules' own, by path. */
function strangers(ws: Workspace): string[] {
  return execFileSync('find', ['.', '-iname', '*PWNED*', '-print0'], { cwd: ws.root, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && !evilFileNames.some((name) => path.endsWith(name)) && !path.endsWith('.why.txt'))
}

test('drops of evil names are taken or refused, and no name runs, leads out, or reaches the terminal', async () => {
  await using ws = await workspace({ 'rules/r.yaml': rules, 'outside.txt': 'secret', 'elsewhere/': '' })
  for (const name of evilFileNames) {
    mkdirSync(ws.path(`inbox/${name}`), { recursive: true })
    writeFileSync(join(ws.path(`inbox/${name}`), 'a.mat'), 'spikes')
  }
  await wait(150)
  const run = await ws.labmake()
  expectTame(run)
  expect(strangers(ws)).toEqual([])
  for (const command of [['inbox'], ['status'], ['-n'], ['history'], ['doctor']])
    expectTame(await ws.labmake(...command))
  for (const batch of ws.list('data/mat')) expect(batch).toMatch(/^[A-Za-z0-9][\w.+-]*$/)
  // What was not taken is all there, with the reason beside it.
  const refused = ws.list('inbox/rejected').filter((name) => !name.endsWith('.why.txt'))
  const waiting = ws.list('inbox').filter((name) => name !== 'rejected' && !name.startsWith('.labmake'))
  expect(refused.length + waiting.length + ws.list('data/mat').length).toBe(evilFileNames.length)
})

test('members of evil names reach a recipe whole, each as one word', async () => {
  await using ws = await workspace({ 'rules/r.yaml': rules, 'data/mat/B1/a.mat': 'spikes' })
  const members = evilFileNames.filter((name) => !/^\.|~$|\ud800/.test(name))
  for (const name of members) writeFileSync(join(ws.path('data/mat/B1'), name), 'spikes')
  const run = await ws.labmake()
  expectTame(run)
  expect(run.code).toBe(0)
  const words = ws.read('data/list/B1.txt').split('\0').slice(0, -1)
  expect(words.sort()).toEqual([...members, 'a.mat'].map((name) => `data/mat/B1/${name}`).sort())
  expect(strangers(ws)).toEqual([])
})

test('cells of evil texts reach recipe and script as they are, or their row is refused', async () => {
  await using ws = await workspace({ 'rules/r.yaml': rules })
  const cells = evilNames.filter((text) => text.length < 1000)
  const rows = cells.map((text, i) => `B${i}\t${text}`)
  for (const i of cells.keys()) ws.write(`data/mat/B${i}/a.mat`, 'spikes')
  ws.write('data/manifests/ana.tsv', `batch\tomit\n${rows.join('\n')}\n`)
  const run = await ws.labmake()
  expectTame(run)
  expect(strangers(ws)).toEqual([])
  for (const [i, text] of cells.entries()) {
    if (!ws.exists(`data/kwd/B${i}.kwd`)) continue
    const [, , omit] = JSON.parse(ws.read(`data/kwd/B${i}.kwd`)) as string[]
    expect(['', text.trim(), text.split(/[\r\n]/)[0]!.trim(), '\ufffd']).toContain(omit)
    expect(ws.read(`data/list/B${i}.txt`).split('\0').at(-1)).toBe(omit)
  }
})

test('links of all kinds in a drop are refused or stay inside, and what they point to is as it was', async () => {
  await using ws = await workspace({ 'rules/r.yaml': rules, 'secret.txt': 'secret', 'inbox/': '' })
  const drop = (name: string) => {
    mkdirSync(ws.path(`inbox/${name}`), { recursive: true })
    writeFileSync(ws.path(`inbox/${name}/a.mat`), 'spikes')
    return (member: string) => ws.path(`inbox/${name}/${member}`)
  }
  symlinkSync('/etc/passwd', drop('absolute')('b.mat'))
  symlinkSync('../../secret.txt', drop('up')('b.mat'))
  symlinkSync('/', drop('root')('deep'))
  symlinkSync('.', drop('circle')('self'))
  symlinkSync('b.mat', drop('itself')('b.mat'))
  symlinkSync('a.mat', drop('inside')('b.mat'))
  symlinkSync('sub/../../../secret.txt', drop('roundabout')('b.mat'))
  linkSync(ws.path('secret.txt'), drop('hard')('b.mat'))
  symlinkSync('/etc', ws.path('inbox/folderlink'))
  drop('deep')
  mkdirSync(ws.path(`inbox/deep/${Array(100).fill('d').join('/')}`), { recursive: true })
  drop('Case')
  drop('case')
  const bytes = Buffer.concat([Buffer.from(ws.path('inbox/x')), Buffer.from([0xff, 0xfe])])
  drop('x')
  renameSync(ws.path('inbox/x'), bytes)
  await wait(150)
  expectTame(await ws.labmake())
  await wait(150)
  expectTame(await ws.labmake())
  expect(ws.list('data/mat')).toEqual(expect.arrayContaining(['hard', 'inside']))
  for (const name of ['absolute', 'up', 'root', 'itself', 'roundabout', 'deep', 'folderlink']) {
    expect([name, ws.list('data/mat').includes(name)]).toEqual([name, false])
    expect([name, ws.exists(`inbox/rejected/${name}.why.txt`)]).toEqual([name, true])
  }
  expect([ws.read('secret.txt'), readFileSync('/etc/passwd', 'utf8').length > 0]).toEqual(['secret', true])
  expect(ws.list('inbox').filter((name) => name !== 'rejected')).toEqual([])
})
