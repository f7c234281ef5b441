import { hostname } from 'node:os'
import { notifierText, trialNotice } from '../core/noticeText.ts'
import { ruleReader } from '../io/ruleFiles.ts'
import { findWorkspace } from '../io/workspace.ts'
import { UserError } from '../model/errors.ts'
import type { Notifier, Sending } from '../model/notice.ts'
import { faultLines } from './faults.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { paint, printable, type Style, sign, styleOf } from './terminal.ts'

/** `labmake notify test`: sends a trial notice to everybody whom rule files name, and says what came of each. */
export async function notifyTestCommand(options: CommonOptions): Promise<ExitCode> {
  const root = findWorkspace(options.directory)
  const { notify, faults, disabled } = await ruleReader(root)()
  const style = styleOf(process.stdout, options.color)
  const told = styleOf(process.stderr, options.color)
  // Who stands in a file that cannot be used is not told of anything.
  for (const fault of faults) process.stderr.write(`${faultLines(fault, told).join('\n')}\n`)
  if (notify.length === 0 && disabled.length === 0) {
    throw new UserError('nobody is told of anything: no rule file has notify:', {
      hint: 'Add to a file in rules/, say: notify: [{ email: you@lab.example }]',
    })
  }
  const { openSender } = await import('../io/notify.ts')
  const send = openSender(root)
  const notice = trialNotice({ host: hostname(), root })
  const never = new AbortController().signal
  // All at once, since each may take its time; told in the order of the files.
  const sendings = notify.map((notifier) => send(notifier, notice, never))
  const results: { readonly notifier: Notifier; readonly sending: Sending }[] = []
  for (const [i, notifier] of notify.entries()) {
    const sending = await sendings[i]!
    results.push({ notifier, sending })
    if (!options.json) process.stdout.write(`${sendingLines(notifier, sending, style).join('\n')}\n`)
  }
  if (options.json) {
    const shown = results.map(({ notifier, sending }) => ({
      where: notifier.where,
      to: notifierText(notifier),
      on: notifier.on,
      ...sending,
    }))
    process.stdout.write(`${JSON.stringify({ notifiers: shown })}\n`)
  }
  if (disabled.length > 0) return exitCodes.wrong
  return results.every(({ sending }) => sending.outcome === 'sent') ? exitCodes.fine : exitCodes.unfinished
}

function sendingLines(notifier: Notifier, sending: Sending, style: Style): string[] {
  const to = printable(notifierText(notifier))
  if (sending.outcome === 'sent') {
    const but = sending.but === undefined ? '' : `, but ${printable(sending.but)}`
    return [`${sign(style, 'done')} ${to}: sent${but}`]
  }
  const { problem, hint } = sending
  return [
    `${sign(style, 'failed')} ${to}: ${printable(problem)}`,
    ...(hint === undefined ? [] : [`    ${paint(style, 'dim', printable(hint))}`]),
  ]
}
