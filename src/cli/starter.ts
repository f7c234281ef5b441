/** The rule file that a new workspace starts with: the lab's two rules, explained. */
export const starterRules = `# yaml-language-server: $schema=labmake.schema.json
# How targets are made from sources. After a change here: labmake -n shows what it means.

pools:              # how much may happen at once
  ram: 1            # de-noising needs much memory: one at a time
  cpu: auto         # one slot for each processor

inbox:              # what may be dropped into inbox/, and where it is kept
  - accept: "{batch}/*.mat"
    store: data/mat/{batch}/

rules:
  denoise:
    sources: data/mat/{batch}/
    targets: data/kwd/{batch}.kwd
    params: { omit: "" }        # channels to leave out: a manifest in data/manifests/ gives them, batch by batch
    pool: ram
    recipe: labmake-ephys denoise {source} {target} --omit {omit}

  # The sorter that comes with labmake is for a first look. For results to publish, put SpikeInterface, Kilosort or klusta
  # into this recipe: the source and the target stay the same.
  phy:
    sources: data/kwd/{batch}.kwd
    targets: data/phy/{batch}/
    expects: [params.py, spike_times.npy]   # a target without them is not whole
    ignore: [.phy/, phy.log]                # what phy writes when one only looks
    pool: cpu
    recipe: labmake-ephys sort {source} {target}
`
