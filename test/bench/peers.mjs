// The tools that labmake is measured against: how each is told of the same work, what it is asked, and what it must answer.
// All copy m0.mat of a batch to data/kwd/<b>.kwd and that to data/phy/<b>/params.py.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { ninjaLog } from './ninjaLog.mjs'
import { batchName, mats } from './standing.mjs'

const kwdCommand = (batch) => `cp data/mat/${batch}/m0.mat data/kwd/${batch}.kwd`
const phyCommand = (batch) => `mkdir -p data/phy/${batch} && cp data/kwd/${batch}.kwd data/phy/${batch}/params.py`

/** labmake's own. As many slots as anybody's -j asks for. */
export const rules = `pools: { cpu: 8 }
rules:
  kwd:
    sources: data/mat/{batch}/
    targets: data/kwd/{batch}.kwd
    recipe: cp data/mat/{batch}/m0.mat {target}
  phy:
    sources: data/kwd/{batch}.kwd
    targets: data/phy/{batch}/
    script: mkdir -p "$target" && cp "$source" "$target/params.py"
`

/** The recipes of one batch as labmake starts them, with nothing around them. */
export const recipesByHand = (batch) => [
  kwdCommand(batch).split(' '),
  ['bash', '-euo', 'pipefail', '-c', phyCommand(batch)],
]

/** Rewrites build.ninja from what lies in data/mat, if it differs: what somebody with ninja runs to notice new batches. */
const ninjaScan = `import os
o = ["rule kwd\\n  command = ${kwdCommand('$b')}\\n",
     "rule phy\\n  command = ${phyCommand('$b')}\\n"]
for b in sorted(os.listdir("data/mat")):
    m = " ".join(f"data/mat/{b}/{f}" for f in sorted(os.listdir(f"data/mat/{b}")) if f.endswith(".mat"))
    o.append(f"build data/kwd/{b}.kwd: kwd {m}\\n  b = {b}\\nbuild data/phy/{b}/params.py: phy data/kwd/{b}.kwd\\n  b = {b}\\n")
s = "".join(o)
if not os.path.exists("build.ninja") or open("build.ninja").read() != s:
    open("build.ninja", "w").write(s)
`

const makefile = `BATCHES := $(notdir $(wildcard data/mat/*))
all: $(BATCHES:%=data/phy/%/params.py)
.SECONDARY:
.SECONDEXPANSION:
data/kwd/%.kwd: $$(wildcard data/mat/$$*/*.mat)
	${kwdCommand('$*')}
data/phy/%/params.py: data/kwd/%.kwd
	${phyCommand('$*')}
.PHONY: all
`

const dodo = `import os
from glob import glob
DOIT_CONFIG = {'verbosity': 0}
BATCHES = sorted(os.listdir("data/mat"))
def task_kwd():
    for b in BATCHES:
        yield {'name': b, 'file_dep': sorted(glob(f"data/mat/{b}/*.mat")), 'targets': [f"data/kwd/{b}.kwd"],
               'actions': [f"${kwdCommand('{b}')}"]}
def task_phy():
    for b in BATCHES:
        yield {'name': b, 'file_dep': [f"data/kwd/{b}.kwd"], 'targets': [f"data/phy/{b}/params.py"],
               'actions': [f"${phyCommand('{b}')}"]}
`

const snakefile = `import os
from glob import glob
BATCHES = sorted(os.listdir("data/mat"))
wildcard_constraints: b="[^/]+"
rule all:
    input: expand("data/phy/{b}/params.py", b=BATCHES)
rule kwd:
    input: lambda w: sorted(glob(f"data/mat/{w.b}/*.mat"))
    output: "data/kwd/{b}.kwd"
    shell: "${kwdCommand('{wildcards.b}')}"
rule phy:
    input: "data/kwd/{b}.kwd"
    output: "data/phy/{b}/params.py"
    shell: "${phyCommand('{wildcards.b}')}"
`

function runQuietly(commands, cwd) {
  for (const [command, ...args] of commands) {
    const { status, stderr } = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr.slice(-1000)}`)
  }
}

/** A log of ninja's as if it had made everything; what another version of ninja does not believe it makes in earnest, once. */
function prepareNinja(root, batches) {
  runQuietly([['python3', 'scan.py']], root)
  const targets = Array.from({ length: batches }, (_, i) => batchName(i)).flatMap((batch) => [
    { path: `data/kwd/${batch}.kwd`, command: kwdCommand(batch) },
    { path: `data/phy/${batch}/params.py`, command: phyCommand(batch) },
  ])
  writeFileSync(`${root}/.ninja_log`, ninjaLog(root, targets))
  runQuietly([['ninja']], root)
}

const scanned = (command) => [['python3', 'scan.py'], command]
const firstLine = (text) => text.split('\n')[0].trim()

/** Everything that an answer with nothing to do may say, and no more: each of doit's lines is of a target that is up to date. */
const nothingForDoit = /^(-- .*\n)+$/

/**
 * `tree` names the folder, so that peers that are one tool share it. `prepare` lets the tool know that everything is made
 * already. `most`: more batches than it bears. The commands by what is asked; `says` what a run must have said.
 */
export const peers = [
  {
    name: 'ninja',
    tree: 'ninja',
    needs: 'ninja',
    files: { 'scan.py': ninjaScan },
    prepare: prepareNinja,
    noop: [['ninja']],
    dryRun: [['ninja', '-n']],
    jobs: (limit) => [['ninja', `-j${limit}`]],
    says: { noop: /no work to do/, touched: /\[2\/2\]/, dryRun: (jobs) => new RegExp(`\\[${jobs}/${jobs}\\]`) },
  },
  {
    name: 'ninja + scan',
    tree: 'ninja',
    needs: 'ninja',
    files: { 'scan.py': ninjaScan },
    prepare: prepareNinja,
    noop: scanned(['ninja']),
    says: { noop: /no work to do/, touched: /\[2\/2\]/ },
  },
  {
    name: 'make -r',
    tree: 'make',
    needs: 'make',
    files: { Makefile: makefile },
    noop: [['make', '-r']],
    dryRun: [['make', '-r', '-n']],
    says: { noop: /Nothing to be done for 'all'/, touched: /^cp .*\n.*cp .*\n$/, dryRun: () => /^cp / },
  },
  {
    name: 'make with pattern rules',
    tree: 'make',
    needs: 'make',
    files: { Makefile: makefile },
    most: 10_000,
    noop: [['make']],
    says: { noop: /Nothing to be done for 'all'/ },
  },
  {
    name: 'doit',
    tree: 'doit',
    needs: 'doit',
    files: { 'dodo.py': dodo },
    most: 10_000,
    prepare: (root) => runQuietly([['doit', 'reset-dep']], root),
    noop: [['doit']],
    says: { noop: nothingForDoit, touched: /^\. {2}kwd:/m },
  },
  {
    // Without its records, which take 100 ms a target to write: so it judges by times alone, and is a third quicker.
    name: 'snakemake',
    tree: 'snakemake',
    needs: 'snakemake',
    files: { Snakefile: snakefile },
    most: 1_000,
    noop: [['snakemake', '--cores', '1']],
    says: { noop: /Nothing to be done/ },
  },
]

/** name → version, of what is installed. */
export function installed() {
  const versions = new Map()
  for (const command of new Set(['python3', ...peers.map(({ needs }) => needs)])) {
    const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' })
    if (status === 0) versions.set(command, firstLine(stdout))
  }
  return versions
}

export const sourceOf = (batch) => `data/mat/${batch}/${mats[0]}`
