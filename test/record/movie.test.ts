import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Capture, movieSvg } from '../../src/record/movie.ts'

const options = { columns: 20, rows: 3, title: 'a trial', longestPauseMs: 1e9, lingerMs: 0, stillCaption: 'still' }

const captures = (...shots: [number, string, string?][]): Capture[] =>
  shots.map(([atMs, text, caption = '']) => ({ atMs, text, caption, key: '' }))

const movie = (endMs: number, ...shots: [number, string, string?][]) =>
  movieSvg({ frames: captures(...shots), endMs }, options)

/** All that is drawn on the screen, in no order. */
const marks = (svg: string) => (svg.match(/<text[^>]*>[^<]*<\/text>|<rect[^>]*>/g) ?? []).sort()

/** What a browser shows after `ms`: what is in no group, and in the groups whose keyframes say that they are visible then. */
function shownAt(svg: string, ms: number, endMs: number): string[] {
  const isVisible = (name: string) => {
    const [, steps = ''] = new RegExp(`@keyframes ${name}\\{(.*?\\})\\}`).exec(svg) ?? []
    const past = [...steps.matchAll(/([\d.]+)%\{visibility:(\w+)\}/g)].filter(
      ([, at]) => Number(at) <= (ms / endMs) * 100 + 1e-6,
    )
    return past.at(-1)?.[2] === 'visible'
  }
  return marks(
    svg.replaceAll(/<g class="(a\d+)"[^>]*>(.*)<\/g>/g, (_, name, inside) => (isVisible(name) ? inside : '')),
  )
}

test('at each moment that is shown which was on the screen then', () => {
  const row = fc.constantFrom('', 'one', 'two  three', '\x1b[36m► 2s\x1b[0m', '\x1b[7m inverse  \x1b[0m', '── log ──')
  const screen = fc.array(row, { minLength: 3, maxLength: 3 }).map((rows) => rows.join('\n'))
  fc.assert(
    fc.property(fc.array(screen, { minLength: 1, maxLength: 12 }), (screens) => {
      const endMs = screens.length * 100
      const svg = movie(endMs, ...screens.map((text, i): [number, string] => [i * 100, text]))
      for (const [i, text] of screens.entries()) {
        expect(shownAt(svg, i * 100 + 50, endMs)).toEqual(marks(movie(1, [0, text])))
      }
    }),
  )
})

test('what stays is drawn once, and never moves', () => {
  const svg = movie(300, [0, 'stays\none'], [100, 'stays\ntwo'], [200, 'stays\none'])
  expect(svg.match(/>stays</g)).toHaveLength(1)
  expect(svg.match(/>one</g)).toHaveLength(1)
  expect(svg).toMatch(/^<text [^>]*>stays</m)
})

test('what comes and goes at the same moments is one group', () => {
  const svg = movie(200, [0, 'one\n  a'], [100, 'two\n  b'])
  expect(svg.match(/<g /g)).toHaveLength(2)
})

test('it lasts as long as the recording, and then plays again', () => {
  expect(movie(12_340, [0, 'a'], [9000, 'b'])).toContain('animation:12.34s step-end infinite')
})

test('where nothing may move, the moment that was chosen is seen', () => {
  const svg = movie(400, [0, 'before'], [100, 'not yet', 'still'], [200, 'chosen', 'still'], [300, 'after'])
  expect(svg).toContain('prefers-reduced-motion')
  const still = svg.replaceAll(/<g [^>]*visibility="hidden".*<\/g>/g, '')
  expect(still).toContain('>chosen<')
  expect(still).not.toMatch(/>(before|not yet|after)</)
})

test('signs of XML in a text are text', () => {
  expect(movie(1, [0, 'a <b> & c'])).toContain('>a &lt;b&gt; &amp; c<')
})

test('each word, and each sign that is no letter, begins in its own column, whatever the font', () => {
  const svg = movie(1, [0, ' ► denoise   ✓ 2s'])
  expect([...svg.matchAll(/<text[^>]* x="([\d.]+)"[^>]*>([^<]*)</g)].map(([, x, text]) => [text, Number(x)])).toEqual(
    [
      // A single sign is set in the middle of its column of 8.4 px.
      ['►', 16 + 8.4 + 4.2],
      ['denoise', 16 + 3 * 8.4],
      ['✓', 16 + 13 * 8.4 + 4.2],
      ['2s', 16 + 15 * 8.4],
    ].map(([text, x]) => [text, Math.round(Number(x) * 10) / 10]),
  )
  expect(svg).toContain(`textLength="${Math.round(7 * 84) / 10}">denoise<`)
})

test('no script is in it', () => {
  expect(movie(1, [0, '<script>'])).not.toContain('<script')
})
