import { expect } from 'vitest'
import { workspace } from '../workspace.ts'
import { droppedRules } from './lab.ts'
import { journey, openScreen } from './screen.ts'

/** Writes much, waits as the fake recipes do, and fails while the test says so. */
const chatter = `
rules:
  sort:
    sources: data/mat/{batch}/
    targets: data/out/{batch}.txt
    script: |
      . held
      for i in $(seq 1 120); do echo "chunk $i of 120"; done
      begin "sort/$batch"
      echo "merged"
      echo sorted > "$target"
      end
`

journey('a failure is read in its log, what caused it is mended, and it is tried again', async () => {
  await using ws = await workspace({
    'rules/sort.yaml': chatter,
    'data/mat/m101/a.mat': 'spikes',
    'fail/sort/m101': '',
  })
  using screen = await openScreen(ws)
  await screen.until(/m101 +✗ failed +exit 3 after .*: sort\/m101 fails/)

  screen.keys('l')
  await screen.until(/sort\/m101 fails, as the test asks/)
  screen.keys('/')
  screen.type('chunk 7 of')
  await screen.until('/chunk 7 of')
  screen.keys('Enter')
  const found = await screen.until(/^chunk 7 of 120$/m)
  expect(found).toMatch(/line \d+ of 122/)
  screen.keys('G')
  await screen.until('following')
  screen.keys('Escape')

  ws.remove('fail/sort/m101')
  ws.hold('sort/m101')
  screen.keys('r')
  await screen.until(/m101 +► \d+s/)
  await screen.until(/tries +1 ✗ exit 3/)
  screen.keys('l')
  await screen.until('attempt 2')
  ws.release('sort/m101')
  await screen.until(/^merged$/m)
  screen.keys('[')
  await screen.until('attempt 1 of 2')
  await screen.until('fails, as the test asks')
  screen.keys('Escape')
  await screen.until(/m101 +✓ \d+s/)
})

journey('a rule file that breaks is a bar, and its rules stay; mended, it is gone and its rule is used', async () => {
  await using ws = await workspace({
    'rules/ephys.yaml': droppedRules.replace('denoise {batch}', 'false {batch}'),
    'data/mat/m101/a.mat': 'spikes',
  })
  using screen = await openScreen(ws)
  await screen.until(/m101 +✗ failed +⊘ blocked/)
  ws.write('rules/ephys.yaml', `${droppedRules}  bad: [\n`)
  const broken = await screen.until(/^ ✗ rules\/ephys\.yaml:\d+ this is not YAML/m)
  expect(broken).toMatch(/m101 +✗ failed +⊘ blocked/)
  screen.keys(':')
  screen.type('rules and')
  await screen.until('what is wrong with rules and manifests')
  screen.keys('Enter')
  await screen.until('the rules stay in use as they were')
  screen.keys('Escape')
  // Readable, but of no use: the jobs stay on the board all the same.
  ws.write('rules/ephys.yaml', droppedRules.replace('pool: ram', 'pool: rma'))
  const useless = await screen.until(/^ ✗ rules\/ephys\.yaml:\d+ rule denoise: no file declares a pool "rma"/m)
  expect(useless).toMatch(/m101 +✗ failed +⊘ blocked/)
  ws.write('rules/ephys.yaml', droppedRules)
  await screen.until(/m101 +✓ \d+s +✓ \d+s/)
  await screen.untilGone('✗ rules/ephys.yaml')
})
