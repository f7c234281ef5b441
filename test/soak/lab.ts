import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Workspace } from '../workspace.ts'
import type { Chance } from './chance.ts'

export const quietMs = 1000

/** Recipes write down what they read, in a line of recipes.log, before the target is theirs no more. */
const noted = `
export LC_ALL=C
shopt -s globstar
content=
note() { printf '%s\\t%s\\t%s\\t%s\\n' "$EPOCHREALTIME" "$1" "$2" "\${content//$'\\n'/|}" >> recipes.log; }
`

const kwdRules = (edition: number) => `pools: { ram: 2 }
quiet: ${quietMs}ms
inbox:
  - accept: "{batch}/*.mat"
    store: data/mat/{batch}/
rules:
  kwd:
    sources: data/mat/{batch}/
    targets: data/kwd/{batch}.kwd
    params: { omit: "" }
    pool: ram
    script: |
      . ./noted.sh
      note start "kwd/$batch"
      [ ! -e "slow/$batch" ] || sleep 0.5
      content="kwd ${edition} omit=$omit"$'\\n'"$(cd "$source" && sha1sum -- **/*.mat)"
      [ ! -e "slow/$batch" ] || sleep 0.5
      if [ -e "fail/kwd/$batch" ]; then note failed "kwd/$batch"; exit 3; fi
      printf '%s\\n' "$content" > "$target"
      note made "kwd/$batch"
`

const phyRules = (edition: number) => `pools: { cpu: 2 }
rules:
  phy:
    sources: data/kwd/{batch}.kwd
    targets: data/phy/{batch}/
    expects: [params.py]
    params: { gain: required }
    pool: cpu
    script: |
      . ./noted.sh
      note start "phy/$batch"
      content="phy ${edition} gain=$gain"$'\\n'"$(<"$source")"
      if [ -e "fail/phy/$batch" ]; then note failed "phy/$batch"; exit 3; fi
      mkdir "$target"
      printf '%s\\n' "$content" > "$target/params.py"
      echo 0 > "$target/spike_clusters.npy"
      note made "phy/$batch"
`

const ruleFiles = { kwd: 'rules/a kwd.yaml', phy: 'rules/b phy.yaml' } as const
export type RuleName = keyof typeof ruleFiles
const rulesText = { kwd: kwdRules, phy: phyRules } as const

/** The rules and params of the lab, as they are now and as they were. */
export interface Lab {
  readonly editions: Readonly<Record<RuleName, number>>
  /** Values that a param of a batch had, in their order; undefined among them where there was none. */
  values(batch: string, param: 'gain' | 'omit'): readonly (string | undefined)[]
  /** A batch whose row is to come into the lab's own table. */
  awaitRow(batch: string): void
  /** A row that came with a drop. */
  hasRow(batch: string, gain: string): void
  /** Changes something, by chance. Says what. */
  change(chance: Chance): string
  newEdition(rule: RuleName): void
  comment(): void
  /** Mends what is broken, and gives every batch its row. */
  finish(): void
}

const labTable = 'data/manifests/lab.tsv'

export function openLab(ws: Workspace): Lab {
  const editions = { kwd: 1, phy: 1 }
  const broken = new Set<RuleName>()
  const gains = new Map<string, (string | undefined)[]>()
  const omits = new Map<string, (string | undefined)[]>()
  /** Batches of the lab's own table, and those that are still to come into it. */
  const rows = new Set<string>()
  const awaited = new Set<string>()
  let hasOmit = false
  let number = 0
  let remark = '# the lab'

  ws.write('noted.sh', noted)
  ws.write('recipes.log', '')
  ws.write(labTable, 'batch\tgain\n')
  for (const rule of ['kwd', 'phy'] as const) ws.write(ruleFiles[rule], rulesText[rule](1))

  const valuesOf = (map: typeof gains, batch: string) => {
    const known = map.get(batch)
    if (known !== undefined) return known
    const values: (string | undefined)[] = [undefined]
    map.set(batch, values)
    return values
  }
  const give = (map: typeof gains, batch: string, value: string) => valuesOf(map, batch).push(value)

  /** As editors save: the new text takes the place of the old one. */
  function save(path: string, text: string): void {
    writeFileSync(ws.path('being saved'), text)
    renameSync(ws.path('being saved'), ws.path(path))
  }
  function saveTable({ bad }: { readonly bad: boolean }): void {
    const lines = [...rows].map((batch) => {
      const gain = valuesOf(gains, batch).at(-1)!
      return hasOmit ? `${batch}\t${gain}\t${valuesOf(omits, batch).at(-1) ?? ''}` : `${batch}\t${gain}`
    })
    const header = hasOmit ? 'batch\tgain\tomit' : 'batch\tgain'
    save(labTable, `${remark}\n${[header, ...lines, ...(bad ? ['../bad\t1'] : [])].join('\n')}\n`)
  }
  function saveRules(rule: RuleName): void {
    save(ruleFiles[rule], `${remark}\n${rulesText[rule](editions[rule])}`)
  }
  function newRows(batches: readonly string[]): void {
    for (const batch of batches) {
      awaited.delete(batch)
      rows.add(batch)
      give(gains, batch, String(++number))
    }
  }

  const changes: Record<string, (chance: Chance) => void> = {
    'a new row, appended': () => {
      const [batch] = awaited
      if (batch === undefined) return
      newRows([batch])
      appendFileSync(ws.path(labTable), `${batch}\t${number}${hasOmit ? '\t' : ''}\n`)
    },
    'new rows': (chance) => {
      newRows([...awaited].slice(0, 1 + chance.below(8)))
      saveTable({ bad: false })
    },
    'other gains': (chance) => {
      for (const batch of chance.shuffled([...rows]).slice(0, 2)) give(gains, batch, String(++number))
      saveTable({ bad: false })
    },
    'a column, or other values in it': (chance) => {
      hasOmit = true
      for (const batch of chance.shuffled([...rows]).slice(0, 2)) give(omits, batch, `Port_${++number}`)
      saveTable({ bad: chance.yes(0.3) })
    },
    'a comment in the table': () => {
      remark = `# remark ${++number}`
      saveTable({ bad: false })
    },
    'a comment in the rules': () => self.comment(),
    'a recipe': (chance) => self.newEdition(chance.pick(['kwd', 'phy'] as const)),
    'a broken rule file': (chance) => {
      const rule = chance.pick(['kwd', 'phy'] as const)
      broken.add(rule)
      const breaks = ['rules: [', 'rules:\n  kwd: { sorces: data }\n', `${rulesText[rule](editions[rule])}  x: "`]
      save(ruleFiles[rule], chance.pick(breaks))
    },
    'a mended rule file': (chance) => {
      for (const rule of broken) {
        if (chance.yes(0.5)) editions[rule]++
        saveRules(rule)
      }
      broken.clear()
    },
  }
  const often = ['new rows', 'new rows', 'a new row, appended', 'other gains', 'a column, or other values in it']

  const self: Lab = {
    editions,
    values: (batch, param) => valuesOf(param === 'gain' ? gains : omits, batch),
    awaitRow: (batch) => awaited.add(batch),
    hasRow: (batch, gain) => give(gains, batch, gain),
    change(chance) {
      // A recipe of all batches is made anew not so often that nothing else can be seen.
      const seldom = broken.size > 0 ? ['a mended rule file'] : Object.keys(changes)
      const what = chance.yes(0.75) ? chance.pick(often) : chance.pick(seldom)
      changes[what]!(chance)
      return what
    },
    newEdition(rule) {
      editions[rule]++
      broken.delete(rule)
      saveRules(rule)
    },
    comment() {
      remark = `# remark ${++number}`
      for (const rule of ['kwd', 'phy'] as const) if (!broken.has(rule)) saveRules(rule)
    },
    finish() {
      newRows([...awaited])
      saveTable({ bad: false })
      for (const rule of ['kwd', 'phy'] as const) saveRules(rule)
      broken.clear()
    },
  }
  return self
}
