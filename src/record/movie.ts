import { cell, drawCaption, drawKey, drawRun, drawWindow, origin, style } from './draw.ts'
import { cutPauses, type Frame, type Recording } from './pauses.ts'
import { parseScreen } from './screen.ts'

export interface MovieOptions {
  readonly columns: number
  readonly rows: number
  /** What is said to those who cannot see it. */
  readonly title: string
  /** Pauses are cut to this. */
  readonly longestPauseMs: number
  /** For how long the end stays, beyond its own time. */
  readonly lingerMs: number
  /** Where nothing may move, in print or for those who asked their system for no motion, the last moment of this caption is shown. */
  readonly stillCaption: string
}

/** What `tmux capture-pane -e -p` printed from a moment on. */
export interface Capture extends Omit<Frame, 'runs'> {
  readonly text: string
}

/**
 * A recording as an SVG that plays by itself, for ever, without a script. What is on the screen for a while is in it once:
 * all that comes and goes at the same moments is one group, whose visibility a CSS animation switches.
 */
export function movieSvg(
  { frames, endMs }: { readonly frames: readonly Capture[]; readonly endMs: number },
  options: MovieOptions,
): string {
  const parsed = frames.map(({ text, ...frame }) => ({ ...frame, runs: parseScreen(text) }))
  const cut = cutPauses({ frames: parsed, endMs }, options.longestPauseMs)
  return drawMovie({ ...cut, endMs: cut.endMs + options.lingerMs }, options)
}

function drawMovie(recording: Recording, { columns, rows, title, stillCaption }: MovieOptions): string {
  const width = Math.ceil(2 * origin.x + columns * cell.width)
  const height = Math.ceil(origin.y + rows * cell.height + 12)
  const { frames, endMs } = recording
  const stillMs = frames.findLast(({ caption }) => caption === stillCaption)?.atMs ?? 0
  const groups = groupByTimes(recording, width)
  const css: string[] = []
  const body = [...groups.values()].map(({ shown, marks }, i) => {
    if (isAlways(shown, endMs)) return marks.join('')
    const hidden = shown.some(({ fromMs, untilMs }) => fromMs <= stillMs && stillMs < untilMs)
      ? ''
      : ' visibility="hidden"'
    css.push(`@keyframes a${i}{${keyframes(shown, endMs)}}.a${i}{animation-name:a${i}}`)
    return `<g class="a${i}"${hidden}>${marks.join('')}</g>`
  })
  const seconds = (endMs / 1000).toFixed(2)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${title}</title>`,
    `<style>${style}g{animation:${seconds}s step-end infinite}${css.join('')}@media(prefers-reduced-motion:reduce){g{animation:none}}</style>`,
    drawWindow({ width, height }),
    ...body,
    '</svg>\n',
  ].join('\n')
}

interface Interval {
  readonly fromMs: number
  readonly untilMs: number
}

interface Group {
  readonly shown: readonly Interval[]
  readonly marks: string[]
}

function groupByTimes({ frames, endMs }: Recording, width: number): ReadonlyMap<string, Group> {
  const times = new Map<string, Interval[]>()
  for (const [i, frame] of frames.entries()) {
    const untilMs = frames[i + 1]?.atMs ?? endMs
    for (const mark of marksOf(frame, width)) show(times, mark, { fromMs: frame.atMs, untilMs })
  }
  const groups = new Map<string, Group>()
  for (const [mark, shown] of times) {
    const key = JSON.stringify(shown)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { shown, marks: [mark] })
    else group.marks.push(mark)
  }
  return groups
}

/** What is drawn for a frame; the same text at the same place is the same mark. */
function marksOf({ runs, caption, key }: Frame, width: number): string[] {
  const marks = runs.map(drawRun)
  if (caption !== '') marks.push(drawCaption(caption, width))
  if (key !== '') marks.push(drawKey(key, width))
  return marks
}

function show(times: Map<string, Interval[]>, mark: string, interval: Interval): void {
  const shown = times.get(mark)
  const last = shown?.at(-1)
  if (shown === undefined) times.set(mark, [interval])
  else if (last?.untilMs === interval.fromMs) shown[shown.length - 1] = { ...last, untilMs: interval.untilMs }
  else shown.push(interval)
}

const isAlways = (shown: readonly Interval[], endMs: number) => shown[0]?.fromMs === 0 && shown[0].untilMs === endMs

/** Between two moments nothing changes: step-end. */
function keyframes(shown: readonly Interval[], endMs: number): string {
  const at = (ms: number) => `${Number(((ms / endMs) * 100).toFixed(3))}%`
  const steps = shown[0]?.fromMs === 0 ? [] : ['0%{visibility:hidden}']
  for (const { fromMs, untilMs } of shown) {
    steps.push(`${at(fromMs)}{visibility:visible}`)
    if (untilMs < endMs) steps.push(`${at(untilMs)}{visibility:hidden}`)
  }
  const isSeenLast = shown.at(-1)?.untilMs === endMs
  return [...steps, `to{visibility:${isSeenLast ? 'visible' : 'hidden'}}`].join('')
}
