// What people do in the lab while labmakes are killed: drops, changed recordings and params; and what is to come of it.
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { drop, replaceFile } from './lab.mjs'

const batchesKept = 40
/** A change that came so shortly before a recipe read its source may have come after labmake's own look at it. */
const lookNs = 3_000_000_000n

/** Everything that happens in the lab, and what is to come of it. */
export function openWorld(root, chance) {
  /** What each batch is made from now. */
  const batches = new Map()
  const refused = []
  const copies = new Map()
  /** Times at which something of a batch changed, in ns since the epoch. */
  const changes = new Map()
  /** Drops of which a file is still arriving. */
  const arriving = new Set()
  let version = 0
  const nowNs = () => BigInt(Date.now()) * 1_000_000n
  const note = (batch) => changes.set(batch, [...(changes.get(batch) ?? []), nowNs()])
  const taken = () => [...batches.keys()].filter((batch) => existsSync(join(root, 'data/mat', batch)))
  const text = (batch, file) => `${batch} ${file} v${version++}\n`

  function dropBatch() {
    if (batches.size >= batchesKept) return
    const batch = `B${batches.size}`
    const files = { 'a.mat': text(batch, 'a'), 'b.mat': text(batch, 'b') }
    batches.set(batch, { files, omit: '' })
    if (chance.bool(0.5)) return drop(root, batch, files)
    drop(root, batch, { 'a.mat': files['a.mat'], 'b.mat.part': files['b.mat'] })
    arriving.add(batch)
  }

  /** A drop that was not taken as long as something in it had a temporary name. */
  function arrive(batch) {
    const folder = join(root, 'inbox', batch)
    renameSync(join(folder, 'b.mat.part'), join(folder, 'b.mat'))
    arriving.delete(batch)
  }

  function changeFile() {
    const batch = chance.pick(taken())
    // B0 is the one that is dropped again as it was.
    if (batch === undefined || batch === 'B0') return
    const file = chance.pick(['a.mat', 'b.mat', 'c.mat'])
    const { files, omit } = batches.get(batch)
    const content = text(batch, file)
    note(batch)
    replaceFile(root, `data/mat/${batch}/${file}`, content)
    note(batch)
    batches.set(batch, { files: { ...files, [file]: content }, omit })
  }

  function changeParams() {
    const batch = chance.pick([...batches.keys()])
    batches.set(batch, { ...batches.get(batch), omit: `Port_${version++}` })
    const rows = [...batches].filter(([, { omit }]) => omit !== '').map(([name, { omit }]) => `${name}\t${omit}\n`)
    note(batch)
    replaceFile(root, 'data/manifests/omits.tsv', `batch\tomit\n${rows.join('')}`)
    note(batch)
  }

  function dropAgain() {
    if (!existsSync(join(root, 'data/mat/B0')) || existsSync(join(root, 'inbox/B0'))) return
    drop(root, 'B0', batches.get('B0').files)
    copies.set('B0', (copies.get('B0') ?? 0) + 1)
  }

  function dropRubbish() {
    const name = `rubbish-${refused.length}.bin`
    refused.push(name)
    replaceFile(root, `inbox/${name}`, 'not a recording')
  }

  const acts = [
    [6, changeFile],
    [2, changeParams],
    [3, dropBatch],
    [1, dropAgain],
    [1, dropRubbish],
    [4, () => [...arriving].slice(0, 1).forEach(arrive)],
  ].flatMap(([times, act]) => Array(times).fill(act))

  return {
    batches,
    refused,
    copies,
    dropBatch,
    change: () => chance.pick(acts)(),
    finish: () => [...arriving].forEach(arrive),
    /** Did something of the batch change as this run was about to look at it, so that the very same may run again? */
    changedAround({ job, startNs }) {
      const [rule, batch] = job.split('/')
      const changed = rule === 'clean' ? (changes.get(batch) ?? []) : []
      return changed.some((atNs) => atNs > startNs - lookNs && atNs <= startNs + 50_000_000n)
    },
  }
}
