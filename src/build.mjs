// Bundles the two commands into dist/ with esbuild: what only some commands need is split off and loaded on demand. `--watch` rebuilds on change.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { context } from 'esbuild'
import { mergeChunks } from './mergeChunks.mjs'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
const watch = process.argv.includes('--watch')

// Yoga, the layout of Ink, reads its WebAssembly out of its own text with fetch() where that is there, and Node then loads all
// of its HTTP client first: 30 ms of each start of labmake watch. Without, it reads it directly.
const yogaWithoutFetch = {
  name: 'yoga-without-fetch',
  setup({ onLoad }) {
    onLoad({ filter: /yoga-wasm-base64-esm\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('"function"!=typeof fetch', 'true'),
    }))
  },
}

/** What concerns each file by itself. */
const fileOptions = {
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // h5wasm carries its WebAssembly in the package and finds it relative to itself. Ink loads react-devtools-core only where
  // DEV is set, and does not bring it along.
  external: ['h5wasm', 'react-devtools-core'],
  // A no-op is mostly start-up, and less text is less to parse. Names stay, for stacks in bug reports.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
}

/** What `labmake --version` needs, what a run with nothing to do needs besides, and what one with something to do. */
const hot = [['src/main.ts'], ['src/cli/build.ts'], ['src/cli/buildHere.ts']]

async function write(split) {
  const { metafile } = await mergeChunks(split, {
    hot,
    fileOptions: {
      ...fileOptions,
      // CommonJS dependencies (commander, execa) call require() for Node's own modules.
      banner: {
        js: '#!/usr/bin/env node\nimport { createRequire as labmakeRequire } from "node:module"; const require = labmakeRequire(import.meta.url);',
      },
      sourcemap: 'linked',
    },
  })
  const current = new Set(Object.keys(metafile.outputs))
  for (const name of readdirSync('dist')) {
    if (name !== 'bin' && name !== 'types' && !current.has(`dist/${name}`)) rmSync(`dist/${name}`, { recursive: true })
  }

  // dist/bin holds the commands under their plain names: labmake puts this folder on the PATH of recipes.
  mkdirSync('dist/bin', { recursive: true })
  for (const name of ['labmake', 'labmake-ephys']) {
    chmodSync(`dist/${name}.js`, 0o755)
    if (!existsSync(`dist/bin/${name}`)) symlinkSync(`../${name}.js`, `dist/bin/${name}`)
  }
}

const writing = {
  name: 'write',
  setup({ onEnd }) {
    onEnd(async (split) => {
      if (split.errors.length === 0) await write(split)
    })
  },
}

const bundle = await context({
  ...fileOptions,
  entryPoints: { labmake: 'src/main.ts', 'labmake-ephys': 'src/ephys/main.ts', index: 'src/index.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  // The same library as ES modules: what is not used of it is left out.
  // proper-lockfile opens no files, and needs nothing that waits until there is room for one more.
  alias: { yaml: './node_modules/yaml/browser/dist/index.js', 'graceful-fs': 'node:fs' },
  define: { 'process.env.NODE_ENV': '"production"', LABMAKE_VERSION: JSON.stringify(version) },
  sourcemap: 'inline',
  metafile: true,
  write: false,
  plugins: [yogaWithoutFetch, writing],
})
await bundle.rebuild()
if (watch) await bundle.watch()
else await bundle.dispose()
