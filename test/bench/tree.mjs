// Writes one workload for all tools: N batches, each a folder of 4 small .mat files → data/kwd/<b>.kwd → data/phy/<b>/params.py.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'

const mats = ['m0.mat', 'm1.mat', 'm2.mat', 'm3.mat']
const batchNames = (n) => Array.from({ length: n }, (_, i) => `b${String(i).padStart(6, '0')}`)

/** What each tool runs: the same two copies. */
const rules = `rules:
  kwd:
    sources: data/mat/{batch}/
    targets: data/kwd/{batch}.kwd
    recipe: cp data/mat/{batch}/m0.mat {target}
  phy:
    sources: data/kwd/{batch}.kwd
    targets: data/phy/{batch}/
    script: mkdir -p "$target" && cp "$source" "$target/params.py"
`

const makefile = `BLOCKS := $(notdir $(wildcard data/mat/*))
all: $(BLOCKS:%=data/phy/%/params.py)
.SECONDARY:
.SECONDEXPANSION:
data/kwd/%.kwd: $$(wildcard data/mat/$$*/*.mat)
	cp data/mat/$*/m0.mat $@
data/phy/%/params.py: data/kwd/%.kwd
	mkdir -p data/phy/$* && cp $< $@
.PHONY: all
`

/** Rewrites build.ninja from what lies in data/mat: what somebody with ninja runs to notice new batches. */
const scan = `import os
o = ["rule kwd\\n  command = cp data/mat/$b/m0.mat data/kwd/$b.kwd\\n",
     "rule phy\\n  command = mkdir -p data/phy/$b && cp data/kwd/$b.kwd data/phy/$b/params.py\\n"]
for b in sorted(os.listdir("data/mat")):
    m = " ".join(f"data/mat/{b}/{f}" for f in sorted(os.listdir(f"data/mat/{b}")) if f.endswith(".mat"))
    o.append(f"build data/kwd/{b}.kwd: kwd {m}\\n  b = {b}\\nbuild data/phy/{b}/params.py: phy data/kwd/{b}.kwd\\n  b = {b}\\n")
s = "".join(o)
if not os.path.exists("build.ninja") or open("build.ninja").read() != s:
    open("build.ninja", "w").write(s)
`

/** Makes the tree with nothing built, and every tool's build file. */
export function writeTree(folder, batches) {
  rmSync(folder, { recursive: true, force: true })
  for (const sub of ['rules', 'data/kwd', 'data/phy', 'data/mat']) mkdirSync(`${folder}/${sub}`, { recursive: true })
  for (const batch of batchNames(batches)) {
    mkdirSync(`${folder}/data/mat/${batch}`)
    for (const mat of mats) writeFileSync(`${folder}/data/mat/${batch}/${mat}`, `${batch}/${mat}\n`)
  }
  writeFileSync(`${folder}/rules/bench.yaml`, rules)
  writeFileSync(`${folder}/Makefile`, makefile)
  writeFileSync(`${folder}/scan.py`, scan)
}

/** Takes away what was built, and what the tools remember of it. */
export function clean(folder) {
  for (const path of ['data/kwd', 'data/phy', '.labmake', '.ninja_log', '.ninja_deps']) {
    rmSync(`${folder}/${path}`, { recursive: true, force: true })
  }
  for (const sub of ['data/kwd', 'data/phy']) mkdirSync(`${folder}/${sub}`, { recursive: true })
}

export const firstMat = `data/mat/${batchNames(1)[0]}/m0.mat`
