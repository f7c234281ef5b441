import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A folder with these files, removed at the end of the test: `using batch = folder({'a.mat': mat5(…)})`. */
export function folder(files: Readonly<Record<string, Uint8Array | string>>) {
  const root = mkdtempSync(join(tmpdir(), 'labmake-ephys-'))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  return {
    root,
    path: (...names: readonly string[]) => join(root, ...names),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}
