import { sentence } from '../dropWords.ts'
import { faultText } from '../faultLines.ts'
import { bold, dim, type Line, signSpan, span } from '../style.ts'
import { cutLine, plain } from '../text.ts'
import { elapsed } from '../times.ts'
import type { View } from '../view.ts'

/** What is to be said of engine, rules and manifests, a line each, under the header. What has no room is counted. */
export function bars(view: View, columns: number, rows: number): readonly Line[] {
  const all = [...engineBars(view), ...faultBars(view)]
  const shown = all.length > rows ? all.slice(0, Math.max(0, rows - 1)) : all
  const rest = all.length - shown.length
  const more: Line[] =
    rest > 0 && rows > 0 ? [[span(` and ${rest} more.  `), span(':', bold), span(' faults lists them', dim)]] : []
  return [...shown, ...more].map((line) => cutLine(line, columns, view.style))
}

function engineBars({ link, nowMs, board }: View): Line[] {
  if (link.state === 'gone') {
    const why = plain(link.why ?? 'the engine does not answer').replace(/\.$/, '')
    const shown = `What is shown is ${elapsed((nowMs - link.sinceMs) / 1000)} old.`
    const said = board === undefined ? sentence(why) : `${sentence(`${why}; jobs go on`)} ${shown}`
    const hint = link.hint === undefined ? '' : ` ${plain(link.hint)}`
    return [[span(' ! ', { inverse: true, bold: true }), span(` ${said}`, bold), span(hint)]]
  }
  if (board?.engine.stopping)
    return [[span(' ! ', { color: 'yellow', bold: true }), span('The engine is ending: nothing more is started.')]]
  return []
}

function faultBars({ board, style }: View): Line[] {
  const faults = (board?.faults ?? []).map(
    (fault): Line => [span(' '), signSpan(style, 'failed'), span(` ${plain(faultText(fault))}`)],
  )
  const warnings = (board?.warnings ?? []).map(
    (fault): Line => [span(' '), span('!', { color: 'yellow', bold: true }), span(` ${plain(faultText(fault))}`)],
  )
  return [...faults, ...warnings]
}
