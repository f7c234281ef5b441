import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { folder } from '../ephys/folder.ts'
import { mat5 } from '../ephys/matFiles.ts'

const command = fileURLToPath(new URL('../../dist/labmake-ephys.js', import.meta.url))

/** Runs the built command; a failure is data here. */
async function ephys(...args: readonly string[]) {
  return run(process.execPath, [command, ...args])
}

async function run(file: string, args: readonly string[]) {
  try {
    return { code: 0, ...(await promisify(execFile)(file, [...args])) }
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string }
  }
}

const values = Array.from({ length: 100 }, (_, i) => (i * 37) % 50)
const batch = { 'B1/a.mat': mat5({ Port_1: { values }, Port_2: { values } }) }

test('denoise makes a .kwd and says on standard error what it did', async () => {
  using files = folder(batch)
  const { code, stdout, stderr } = await ephys('denoise', files.path('B1'), files.path('B1.kwd'), '--omit', ' Port_2 ')
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  expect(stderr).toContain(
    'B1: 1 file, 1 stretch, 0.1 s at 1000 Hz\nchannels kept: 1 (Port_1)\nchannels omitted: 1 (Port_2)',
  )
  expect(stderr).toContain('denoise 100 %')
  expect(existsSync(files.path('B1.kwd'))).toBe(true)
})

test("--omit '' omits none", async () => {
  using files = folder(batch)
  const { code, stderr } = await ephys('denoise', files.path('B1'), files.path('B1.kwd'), '--omit', '')
  expect(code).toBe(0)
  expect(stderr).toContain('channels kept: 2 (Port_1, Port_2)')
})

test('a fault of the input is one line, then the remedy; exit 1 and no target', async () => {
  using files = folder({ 'B1/a.mat': batch['B1/a.mat'].subarray(0, 300) })
  const { code, stderr } = await ephys('denoise', files.path('B1'), files.path('B1.kwd'))
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^labmake-ephys denoise: error: a\.mat is cut short: .*\nCopy it again from where it was recorded: .*\n$/,
  )
  expect(readdirSync(files.root)).toEqual(['B1'])
})

test.each([
  [['denoize', 'a', 'b'], 'there is no command denoize', 'Did you mean denoise?'],
  [['denoise', 'a', 'b', '--omitt', 'x'], 'there is no option --omitt', 'Did you mean --omit?'],
  [['denoise', 'a', 'b', '--method', 'cmd'], 'there is no method cmd', 'Did you mean cmr?'],
  [['denoise', 'a'], 'expected a source and a target', 'Usage: labmake-ephys denoise'],
  [[], 'no command given', 'Say one of denoise, sort, simulate'],
])('a wrong command line exits 2 and says what was meant: %j', async (args, message, hint) => {
  const { code, stderr } = await ephys(...args)
  expect(code).toBe(2)
  expect(stderr).toContain(message)
  expect(stderr).toContain(hint)
})

test('each command has its help, and there is a version', async () => {
  expect((await ephys('--help')).stdout).toContain('denoise SOURCE TARGET.kwd')
  for (const name of ['denoise', 'sort', 'simulate']) {
    const { code, stdout } = await ephys(name, '--help')
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^labmake-ephys ${name} `))
  }
  expect((await ephys('--version')).stdout).toMatch(/^\d+\.\d+\.\d+/)
})

test('when the target cannot grow, the reason is told and nothing is left', async () => {
  const long = Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 2000)
  using files = folder({ 'B1/a.mat': mat5({ Port_1: { values: long }, Port_2: { values: long } }) })
  // A limit on the size of files stands for a full disk: the system refuses the write in the same way.
  const script = `trap '' XFSZ; ulimit -f 400; exec "$0" "$@"`
  const args = ['-c', script, process.execPath, command, 'denoise', files.path('B1'), files.path('B1.kwd')]
  const { code, stderr } = await run('/bin/bash', args)
  expect(code).toBe(1)
  expect(stderr).toContain('labmake-ephys denoise: error: cannot write')
  expect(stderr).toContain('File too large')
  expect(readdirSync(files.root)).toEqual(['B1'])
})
