import { workspace } from '../workspace.ts'
import { recordings } from './lab.ts'
import { journey, openScreen } from './screen.ts'

/** Times, and what else differs between two watchers that began one after the other. */
function masked(text: string): string {
  return text.replace(/\d\d:\d\d:\d\d/g, 'HH:MM:SS').replace(/\b(\d+m\d\d|\d+s)\b/g, 'N')
}

/** Each size, with what is to be seen there and nowhere smaller. */
const sizes = [
  [200, 60, /why +│ m101.*/],
  [120, 40, /why +│ m101.*/],
  [100, 30, 'q leave (jobs go on)'],
  [80, 24, /log denoise .* l full screen/],
  [60, 16, /m101_2026-08-01_g0_imec0 +► \d+s +┄ waiting/],
  [50, 12, /m101_2\S*c0 +► \d+s +┄ waiting/],
  [44, 10, 'a window of 44x10 is too small'],
  [200, 60, /why +│ m101.*/],
] as const

journey('whatever the size becomes while jobs run, the screen is as it would be had it always been so', async () => {
  const names = ['m101_2026-08-01_g0_imec0', 'm102_2026-08-02_g0_imec0', 'm103_2026-08-03_g0_imec1']
  await using ws = await workspace(recordings(...names))
  ws.hold(`denoise/${names[0]}`)
  using screen = await openScreen(ws, { columns: 100, rows: 30 })
  await screen.until(/► 1 running/)
  for (const [columns, rows, sight] of sizes) {
    screen.resize(columns, rows)
    await screen.until(sight)
    using fresh = await openScreen(ws, { columns, rows })
    await fresh.until(sight)
    // What is left over on the one never goes.
    await screen.until((text) => masked(text) === masked(fresh.text()))
  }
})
