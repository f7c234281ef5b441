import { chmodSync } from 'node:fs'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { markProcess } from '../../src/io/processes.ts'
import { enginePid, workspace } from '../workspace.ts'
import { oneRule } from './lab.ts'

test('notify test tells everybody, and says what came of each', async () => {
  const posted: string[] = []
  const server = createServer((request, response) => {
    request.on('data', (data) => posted.push(String(data)))
    request.on('end', () => response.end('ok'))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  const rules = `notify:
  - webhook: http://127.0.0.1:${port}/s3cret
  - command: ./tell {title}
  - webhook: env:NOBODY_SET_THIS
`
  await using ws = await workspace({ 'rules/r.yaml': rules, tell: '#!/bin/sh\necho "$1" > told\n' })
  chmodSync(ws.path('tell'), 0o755)
  const run = await ws.labmake('notify', 'test')
  server.close()
  expect(run.stdout.split('\n').map((line) => line.slice(2))).toEqual([
    `the webhook at 127.0.0.1:${port} (rules/r.yaml:2:5): sent`,
    'the command ./tell (rules/r.yaml:3:5): sent',
    'the webhook of $NOBODY_SET_THIS (rules/r.yaml:4:5): $NOBODY_SET_THIS is not set',
    '  Set NOBODY_SET_THIS where the engine is started, then start it anew.',
    '',
  ])
  expect(run.code).toBe(1)
  expect(run.stdout + run.stderr).not.toContain('s3cret')
  expect(ws.read('told')).toBe('A trial notice\n')
  expect(JSON.parse(posted.join('')).text).toContain('labmake notify test sent it')
})

test('notify test says so where nobody is to be told, or a file cannot be used', async () => {
  await using ws = await workspace({ 'rules/r.yaml': 'pools: { ram: 1 }\n' })
  const nobody = await ws.labmake('notify', 'test')
  expect(nobody).toMatchObject({ code: 2, stderr: expect.stringContaining('no rule file has notify:') })
  ws.write('rules/r.yaml', 'notify:\n  - webhok: https://h/s3cret\n')
  const broken = await ws.labmake('notify', 'test')
  expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean webhook?') })
  expect(broken.stdout + broken.stderr).not.toContain('s3cret')
})

test.each(['while no engine ran', 'after the next engine took it over'])(
  'of a job that outlived its engine, and failed %s, people are told by the next',
  async (when) => {
    await using ws = await workspace({
      'rules/r.yaml': `notify:
  - command: ./tell {text}
    on: [failed]
${oneRule('script: touch runs; until [ -e go ]; do sleep 0.02; done; echo no such channel >&2; exit 4')}`,
      'in/a.txt': 'one',
      tell: '#!/bin/sh\necho "$1" >> told\n',
    })
    chmodSync(ws.path('tell'), 0o755)
    await ws.labmake('engine', 'start')
    await ws.until('it runs', () => ws.exists('runs'))
    const pid = enginePid(ws.root)!
    process.kill(pid, 'SIGKILL')
    await ws.until('the engine is dead', () => markProcess(pid) === undefined)
    const [slug] = ws.list('.labmake/running')
    if (when === 'while no engine ran') {
      ws.write('go', '')
      await ws.until('the recipe ended', () => ws.exists(`.labmake/running/${slug}/exit`))
    }
    await ws.labmake('engine', 'start')
    ws.write('go', '')
    await ws.until('it is in the journal', () => ws.read('.labmake/journal.jsonl').includes('"failed"'))
    // What was gathered for a minute is told when the engine ends.
    await ws.labmake('engine', 'stop')
    await ws.until('it is told', () => ws.exists('told'))
    expect(ws.read('told')).toMatch(/copy\/a[\s\S]*exit code 4/)
  },
)
