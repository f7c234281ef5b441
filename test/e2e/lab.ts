/** The lab's two rules, with fake recipes: a `.kwd` from a folder of `.mat` files, and a folder for phy from that. */
export const labRules = `
pools: { ram: 1, cpu: 4 }
rules:
  denoise:
    sources: data/mat/{batch}/
    targets: data/kwd/{batch}.kwd
    params: { omit: "" }
    pool: ram
    recipe: denoise {batch} {source} {target} {omit}
  phy:
    sources: data/kwd/{batch}.kwd
    targets: data/phy/{batch}/
    expects: [params.py, spike_times.npy]
    ignore: [.phy/, phy.log]
    pool: cpu
    recipe: phy {batch} {source} {target}
`

/** One recording and the lab's rules. */
export const oneBatch = { 'rules/ephys.yaml': labRules, 'data/mat/B1/a.mat': 'spikes' }

/** Files of a workspace with these recordings and the lab's rules. */
export function batches(...names: string[]): Record<string, string> {
  return Object.fromEntries([
    ['rules/ephys.yaml', labRules],
    ...names.map((name) => [`data/mat/${name}/a.mat`, `spikes of ${name}`]),
  ])
}

/** A rule file with one rule that makes out/{x}.txt from in/{x}.txt, and more lines for that rule. */
export function oneRule(...lines: string[]): string {
  return `
rules:
  copy:
    sources: in/{x}.txt
    targets: out/{x}.txt
${lines.map((line) => `    ${line}\n`).join('')}`
}

/** With it what is recorded of an attempt is longer than any block of a disk that may have room still. */
export const longParam = `params: { note: "${'x'.repeat(5000)}" }`
