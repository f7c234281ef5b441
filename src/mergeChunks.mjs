// Where code is split among many commands, esbuild makes a file of every set of modules that the same commands share: a hundred
// small ones, of which a command loads forty, at a quarter of a millisecond of processor time each. Here the small ones become a few.
import { createHash } from 'node:crypto'
import { isBuiltin } from 'node:module'
import { basename } from 'node:path'
import { build } from 'esbuild'

/** More than this of libraries is worth a file that only they load who need it. */
const smallLibraryBytes = 8_000

/**
 * Writes to dist/ what a split build with inline source maps gave, which wrote nothing. Shared files of our own code that need
 * nothing large become one with those like them: those that the first of `hot` loads, a list of entry points; those that also the
 * next one loads; and the rest. `fileOptions` are what the split build has of options that concern each file by itself.
 * Resolves with esbuild's result.
 */
export async function mergeChunks({ outputFiles, metafile: { outputs } }, { hot, fileOptions }) {
  const groups = groupChunks(
    smallChunks(outputs),
    hot.map((entryPoints) => loadedBy(outputs, entryPoints)),
  )
  const homes = new Map(groups.flatMap(({ chunks, name }) => chunks.map((chunk) => [chunk, name])))
  const entryPoints = Object.fromEntries(groups.map(({ name }, i) => [name, `group:${i}`]))
  for (const path of Object.keys(outputs)) {
    const name = basename(path)
    if (path.endsWith('.js') && !homes.has(name)) entryPoints[name.slice(0, -'.js'.length)] = `chunk:${name}`
  }
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]))
  const exportsOf = (chunk) => outputs[`dist/${chunk}`].exports
  const merging = mergePlugin({ groups, homes, textOf: (chunk) => texts.get(chunk), exportsOf })
  return build({ ...fileOptions, entryPoints, outdir: 'dist', bundle: true, metafile: true, plugins: [merging] })
}

/** Modules are `chunk:` a file of the split build; `group:` all that become one; `place:` what others see in the place of one of those. */
function mergePlugin({ groups, homes, textOf, exportsOf }) {
  // Two chunks may export the same name.
  const shared = (name, chunk) => `${name}_${chunk.replace(/\W/g, '_')}`
  const exported = (chunk, nameOf) => exportsOf(chunk).map(nameOf).join()
  const whole = (chunk) =>
    `export {${exported(chunk, (name) => `${name} as ${shared(name, chunk)}`)}} from './${chunk}'`
  const place = (chunk) =>
    `export {${exported(chunk, (name) => `${shared(name, chunk)} as ${name}`)}} from './${homes.get(chunk)}.js'`
  return {
    name: 'merge-chunks',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(chunk|group):/ }, ({ path }) => {
        const [namespace, rest] = path.split(':')
        return { path: rest, namespace }
      })
      onResolve({ filter: /^\.\// }, ({ path, importer, namespace }) => {
        const chunk = basename(path)
        const home = homes.get(chunk)
        if (home === undefined || namespace === 'place') return { path, external: true }
        const isTogether = namespace === 'group' || homes.get(importer) === home
        return { path: chunk, namespace: isTogether ? 'chunk' : 'place' }
      })
      onLoad({ filter: /.*/, namespace: 'chunk' }, ({ path }) => ({ contents: textOf(path) }))
      onLoad({ filter: /.*/, namespace: 'group' }, ({ path }) => ({
        contents: groups[path].chunks.map(whole).join('\n'),
      }))
      onLoad({ filter: /.*/, namespace: 'place' }, ({ path }) => ({ contents: place(path) }))
    },
  }
}

/** Each chunk goes to the first set that has it; what is in none of them is a group, too. */
function groupChunks(chunks, sets) {
  const left = new Set(chunks)
  const groups = [...sets, left].map((set) => {
    const group = [...left].filter((path) => set.has(path))
    for (const path of group) left.delete(path)
    return group
  })
  return groups
    .filter((group) => group.length > 0)
    .map((group) => ({
      chunks: group.map((path) => basename(path)),
      name: `shared-${createHash('sha256').update(group.join()).digest('hex').slice(0, 8).toUpperCase()}`,
    }))
}

/** Shared files of labmake's own code, and of small libraries, that load nothing else. */
function smallChunks(outputs) {
  const small = new Set(Object.keys(outputs).filter((path) => isOwn(outputs[path])))
  for (let before = -1; before !== small.size; ) {
    before = small.size
    for (const path of small) if (!imported(outputs[path]).every((each) => small.has(each))) small.delete(path)
  }
  return [...small]
}

function isOwn({ entryPoint, inputs, imports }) {
  if (entryPoint !== undefined || inputs === undefined) return false
  // A library that is not bundled is loaded as a whole.
  if (imports.some(({ path, external }) => external && !isBuiltin(path))) return false
  const libraries = Object.entries(inputs).filter(([path]) => path.includes('node_modules/'))
  return libraries.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0) <= smallLibraryBytes
}

const imported = ({ imports }) =>
  imports.filter(({ kind, external }) => kind === 'import-statement' && !external).map(({ path }) => path)

/** All files that these entry points load at once. */
function loadedBy(outputs, entryPoints) {
  const loaded = new Set()
  const load = (path) => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const each of imported(outputs[path])) load(each)
  }
  for (const [path, { entryPoint }] of Object.entries(outputs)) if (entryPoints.includes(entryPoint)) load(path)
  return loaded
}
