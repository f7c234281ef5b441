// The lines of the benchmark: figures of labmake beside those of a peer, and the goal.

/** Undefined if there are none. */
export function median(figures) {
  if (figures === undefined || figures.length === 0) return undefined
  const sorted = figures.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Of a measurement `{ what, unit, own, against: { name, figures }, goal: { of: 'ratio' | 'own', most | least } }`, where figures
 * are one for each run: what is to be told. `ratio` and `met` are undefined where there is nothing to tell them by.
 */
export function judge(measurement) {
  const { own, against, goal } = measurement
  const [ours, theirs] = [median(own), median(against?.figures)]
  const ratio = ours === undefined || theirs === undefined ? undefined : ours / theirs
  const judged = goal?.of === 'ratio' ? ratio : ours
  const met = goal === undefined || judged === undefined ? undefined : isMet(goal, judged)
  return { ...measurement, ratio, met }
}

const isMet = ({ most = Number.POSITIVE_INFINITY, least = 0 }, value) => value <= most && value >= least

/** Three digits of it, or all before the point. */
const digits = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(value >= 10 ? 3 : 2))
const ratioText = (value) => `${value >= 10 ? digits(value) : value.toFixed(2)} ×`

function figureText(figures, unit, asked) {
  const value = median(figures)
  if (value === undefined) return '–'
  const runs = figures.length < asked ? ` (${figures.length})` : ''
  return unit === 's' && value < 1 ? `${digits(value * 1000)} ms${runs}` : `${digits(value)} ${unit}${runs}`
}

function goalText({ of, most, least }, unit) {
  const bound = most ?? least
  return `${most === undefined ? '≥' : '≤'} ${of === 'ratio' ? `${Number(bound.toPrecision(3))} ×` : `${bound} ${unit}`}`
}

const heads = ['', 'labmake', 'against', '', 'ratio', 'goal', '']

/** `runs`: as many figures as a line should have. `before`: the same lines of another time, by `keyOf`; then one more column has what labmake's figure, or the ratio, was. */
export function tableLines(lines, runs, before) {
  const rows = lines.map((line, i) => {
    const { what, unit, own, against, goal, ratio, met } = line
    const isSame = what === lines[i - 1]?.what
    const cells = [
      isSame ? '' : what,
      isSame ? '' : figureText(own, unit, runs),
      against?.name ?? '',
      against === undefined ? '' : figureText(against.figures, unit, runs),
      ratio === undefined ? '' : ratioText(ratio),
      goal === undefined ? '' : goalText(goal, unit),
      met === undefined ? '' : met ? '✓' : 'not met',
    ]
    if (before !== undefined) cells.push(beforeText(before.get(keyOf(line)), unit, runs))
    return cells
  })
  const all = [before === undefined ? heads : [...heads, 'before'], ...rows]
  const widths = all[0].map((_, column) => Math.max(...all.map((cells) => cells[column].length)))
  const isWord = (column) => column === 0 || column === 2 || column === 6
  return all.map((cells) =>
    cells
      .map((cell, column) => (isWord(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  )
}

const beforeText = (line, unit, runs) =>
  line === undefined ? '' : line.ratio === undefined ? figureText(line.own, unit, runs) : ratioText(line.ratio)

/** Names a line in runs of another time: lines of one measurement follow one another. */
export const keyOf = ({ row, what, against }) => [row, what, against?.name ?? ''].join(' | ')
