import { expect } from 'vitest'
import { workspace } from '../workspace.ts'
import { recordings } from './lab.ts'
import { journey, openScreen } from './screen.ts'

journey('^z goes to the shell, and fg comes back to the whole screen', async () => {
  await using ws = await workspace(recordings('m101'))
  ws.hold('denoise/m101')
  using screen = await openScreen(ws)
  const before = await screen.until(/m101 +► \d+s/)
  for (const _ of ['once', 'again']) {
    screen.keys('C-z')
    expect(await screen.untilShell()).toMatch(/Stopped +labmake watch/)
    expect(screen.modes()).toEqual({ alternateScreen: false, cursor: true, lineWrap: true })
    screen.run('fg')
    const back = await screen.until(/m101 +► \d+s/)
    expect(back.split('\n')[0]).toContain(before.split('\n')[0]!.slice(0, 50))
    expect(screen.modes()).toEqual({ alternateScreen: true, cursor: false, lineWrap: false })
  }
  screen.keys('j', '3')
  await screen.until('Nothing lies in the inbox.')
})

journey('e reads the log in the pager, and comes back', async () => {
  await using ws = await workspace({
    ...recordings('m101'),
    'pager.sh': 'shift; echo "A PAGER READS $1"; read -r line; echo "$line" > typed',
  })
  using screen = await openScreen(ws, { env: { PAGER: 'sh ./pager.sh' } })
  await screen.until(/m101 +✓ \d+s +✓ \d+s/)
  screen.keys('l', 'e')
  await screen.until(/A PAGER READS \.labmake\/logs\/phy\/m101\/1\.log/)
  expect(screen.modes()).toEqual({ alternateScreen: false, cursor: true, lineWrap: true })
  screen.run('q')
  await screen.until(/log ✓ phy\/m101/)
  expect(ws.read('typed')).toBe('q\n')
})

journey('what is pasted is text where one types, and nothing elsewhere', async () => {
  await using ws = await workspace(recordings('m101', 'm102'))
  ws.hold('denoise/m101')
  using screen = await openScreen(ws)
  await screen.until(/m101 +► \d+s/)
  screen.paste('xyq')
  screen.keys('/')
  await screen.until(/enter keeps/)
  screen.paste('m1*\n!m102')
  await screen.until(/1 fits? /)
  screen.keys('Enter')
  const filtered = await screen.untilGone('enter keeps')
  expect(filtered).toMatch(/m101 +► \d+s/)
  expect(filtered).not.toMatch(/m102 +○/)
})

journey('keys arrive in pieces, or several at once', async () => {
  await using ws = await workspace(recordings('m101', 'm102', 'm103', 'm104', 'm105', 'm106'))
  ws.hold('denoise/m101')
  using screen = await openScreen(ws)
  await screen.until(/m106 +○ queued/)
  screen.keys('g')
  await screen.until(/^▌ {2}m101/m)
  screen.bytes('jjj')
  await screen.until(/^▌ {2}m104/m)
  screen.bytes('\x1b', '[B')
  await screen.until(/^▌ {2}m105/m)
})

journey('colours, signs and the screen itself are as the terminal can', async () => {
  await using ws = await workspace({ ...recordings('m101', 'm102'), 'fail/denoise/m102': '' })
  ws.hold('phy/m101')
  using plain = await openScreen(ws, { command: 'NO_COLOR=1 labmake watch' })
  await plain.until(/m102 +✗ failed/)
  await plain.until(/m101 +✓ \d+s +► \d+s/)
  // Bold and turned over stay.
  expect(plain.painted()).toMatch(/\x1b\[[0-9;]*[17]m/)
  expect(plain.painted()).not.toMatch(/\x1b\[([0-9]+;)*(2|3[0-7]|9[0-7])m/)
  expect(plain.title()).toBe('labmake: 1 failed, 1 running')

  using ascii = await openScreen(ws, { command: 'labmake watch --ascii' })
  await ascii.until(/m102 +X failed/)
  expect(ascii.text()).toMatch(/^[\x20-\x7e\n]*$/)
  using c = await openScreen(ws, { command: 'LANG=C labmake watch' })
  await c.until(/m102 +X failed/)
  expect(c.text()).toMatch(/^[\x20-\x7e\n]*$/)

  using dumb = await openScreen(ws, { command: 'TERM=dumb labmake watch' })
  await dumb.until(/ alive +running=1 /)
  expect(dumb.modes().alternateScreen).toBe(false)
  dumb.keys('C-c')
  await dumb.untilShell()
  dumb.run('labmake watch < /dev/null')
  await dumb.until(/ alive +running=1 .* alive +running=1 /s)
  expect(dumb.modes().alternateScreen).toBe(false)
})
