import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openExchanger } from '../../src/io/exchanger.ts'

/** Two folders, `a` with a file "new" and `b` with a file "old". */
class Folders implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'labmake-exchange-'))
  readonly a = join(this.root, 'a')
  readonly b = join(this.root, 'b "größe"')

  constructor() {
    for (const [folder, name] of [
      [this.a, 'new'],
      [this.b, 'old'],
    ] as const) {
      mkdirSync(folder)
      writeFileSync(join(folder, name), '')
    }
  }

  inTurn(): string[] {
    return [this.a, this.b].flatMap((folder) => readdirSync(folder))
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

const swapped = ['old', 'new']
const asTheyWere = ['new', 'old']

test('two folders are exchanged, again and again, prepared for or not', async () => {
  using folders = new Folders()
  const exchanger = openExchanger()
  expect(await exchanger.exchange(folders.a, folders.b)).toBe(true)
  expect(folders.inTurn()).toEqual(swapped)
  exchanger.prepare()
  expect(await exchanger.exchange(folders.a, folders.b)).toBe(true)
  expect(folders.inTurn()).toEqual(asTheyWere)
})

test('each of many that are asked for at once is told of', async () => {
  using folders = new Folders()
  const exchanger = openExchanger()
  const asked = Array.from({ length: 101 }, (_, i) =>
    exchanger.exchange(folders.a, i === 50 ? join(folders.root, 'none') : folders.b),
  )
  expect((await Promise.all(asked)).map(Number)).toEqual(asked.map((_, i) => (i === 50 ? 0 : 1)))
  expect(folders.inTurn()).toEqual(asTheyWere)
})

test.each<[string, readonly [string, ...string[]]]>([
  ['is not there', ['labmake-no-such-program']],
  ['cannot be started', ['labmake\0no-such-program']],
  ['ends at once', ['sh', '-c', 'exit 1']],
  ['is killed before it does anything', ['sh', '-c', 'head -c 3 >/dev/null; kill -9 $$']],
  ['says that it could not', ['perl', '-e', '$/ = "\\0"; $| = 1; while (<STDIN>) { <STDIN>; print 0 }']],
])('where what exchanges %s, both are as they were', async (_, program) => {
  using folders = new Folders()
  const exchanger = openExchanger(program)
  exchanger.prepare()
  expect(await exchanger.exchange(folders.a, folders.b)).toBe(false)
  expect(await exchanger.exchange(folders.a, folders.b)).toBe(false)
  expect(folders.inTurn()).toEqual(asTheyWere)
})

test('what was done before it could be told is known by what lies there', async () => {
  using folders = new Folders()
  const script = 'IFS= read -r -d "" a; IFS= read -r -d "" b; mv "$a" "$a.x"; mv "$b" "$a"; mv "$a.x" "$b"; kill -9 $$'
  expect(await openExchanger(['bash', '-c', script]).exchange(folders.a, folders.b)).toBe(true)
  expect(folders.inTurn()).toEqual(swapped)
})
