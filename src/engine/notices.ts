import { formatSeconds } from '../core/durations.ts'
import { afterEvent, afterSpace, nextTellingMs, noNotices, tellNews, withIds } from '../core/notices.ts'
import { notifierText } from '../core/noticeText.ts'
import { afterFailure, afterRestart, afterSent, dueMs, withSending } from '../core/outbox.ts'
import { plural, sizeText } from '../core/sizes.ts'
import type { Board } from '../model/board.ts'
import type { EngineEvent } from '../model/event.ts'
import type { DiskSpace, Notice, NoticeState, Notifier, Outbox, Sending } from '../model/notice.ts'
import type { Clock } from '../model/ports.ts'

export interface NoticePorts {
  readonly clock: Clock
  /** Those of the rules in use now. */
  notifiers(): readonly Notifier[]
  /** Tries once, within a bounded time. Never rejects: what came of it is data. */
  send(notifier: Notifier, notice: Notice, signal: AbortSignal): Promise<Sending>
  readonly files: NoticeFiles
  /** Of the file system of the workspace; undefined if it does not tell. Never rejects. */
  space(): Promise<DiskSpace | undefined>
  /** Tells those who watch. */
  emit(event: EngineEvent & { readonly type: 'trouble' }): void
}

/** What notices keep below .labmake/. Nothing here rejects or throws: notices stop nothing. */
export interface NoticeFiles {
  /** What an earlier engine left; undefined if there is nothing that can be used. */
  read(): NoticeState | undefined
  write(state: NoticeState): Promise<void>
  /** Adds a line to the log of notices. */
  log(line: string): void
}

export interface Notices {
  /** Takes in what happened; `board` is how things stand after it. Returns at once, never throws. */
  event(event: EngineEvent, board: Board): void
  /** Tells what was gathered so far, waits a little for what is on its way, and leaves the rest to the next engine. */
  close(): Promise<void>
}

/** How often the free space is looked at: the fastest copy fills some 60 GB meanwhile. */
const spaceEveryMs = 60_000
/** What an engine that is killed forgets at most. Jobs may end many times a second. */
const saveEveryMs = 2000
/** How long an engine that ends waits for notices on their way: a person waits for it. */
const closingMs = 10_000

/** Tells people what happens, each thing once, through the notifiers of the rule files. Sends by itself until closed. */
export function openNotices(ports: NoticePorts): Notices {
  const notices = new NoticeLoop(ports)
  return { event: (event, board) => notices.take(event, board), close: () => notices.close() }
}

class NoticeLoop {
  private readonly ports: NoticePorts
  private state: NoticeState
  private board: Board | undefined
  private closing = false
  private saved: NoticeState
  private saving: Promise<void> = Promise.resolve()
  private looking: Promise<void> | undefined
  private nextLookMs: number
  private nextSaveMs: number
  private readonly onTheirWay = new Map<string, Promise<void>>()
  private readonly stop = new AbortController()
  private nap = new AbortController()
  private readonly loop: Promise<void>

  constructor(ports: NoticePorts) {
    this.ports = ports
    this.nextLookMs = ports.clock.steadyMs()
    this.nextSaveMs = ports.clock.steadyMs()
    this.saved = ports.files.read() ?? noNotices
    this.state = this.saved
    for (const [id, outbox] of Object.entries(this.state.outboxes)) {
      const { outbox: left, givenUp } = afterRestart(outbox, ports.clock.now())
      this.put(id, left)
      for (const notice of givenUp)
        this.log(id, notice, 'not sent again: too old, or on its way when the engine was killed')
    }
    this.loop = this.run()
  }

  take(event: EngineEvent, board: Board): void {
    this.board = board
    const before = this.state
    this.state = afterEvent(before, event, board)
    if (this.state !== before) this.nap.abort()
  }

  async close(): Promise<void> {
    this.closing = true
    this.tell('all')
    this.sendDue()
    this.nap.abort()
    await this.loop
    const waiting = new AbortController()
    const patience = this.ports.clock.wait(closingMs, waiting.signal).then(() => this.stop.abort())
    while (this.onTheirWay.size > 0) {
      await Promise.all(this.onTheirWay.values())
      // Several may wait for one notifier; what failed once is not due any more.
      if (!this.stop.signal.aborted) this.sendDue()
    }
    waiting.abort()
    await patience
    await this.save()
  }

  private async run(): Promise<void> {
    const { clock } = this.ports
    while (!this.closing) {
      // Whatever comes from here on ends the nap.
      this.nap = new AbortController()
      this.tell('due')
      this.sendDue()
      this.lookAtSpace()
      this.saveNowAndThen()
      if (!this.nap.signal.aborted) await clock.wait(Math.max(0, this.inMs()), this.nap.signal)
    }
  }

  /** ms until there is something to do again, if nothing happens before. */
  private inMs(): number {
    const nowMs = this.ports.clock.now()
    const steadyMs = this.ports.clock.steadyMs()
    const sends = [...this.outboxes()].flatMap(({ outbox }) => dueMs(outbox, nowMs) ?? [])
    const telling = this.board === undefined ? undefined : nextTellingMs(this.state)
    const save = this.saved === this.state ? [] : [this.nextSaveMs - steadyMs]
    const told = [...sends, ...(telling === undefined ? [] : [telling])].map((ms) => ms - nowMs)
    return Math.min(this.nextLookMs - steadyMs, ...save, ...told)
  }

  private tell(which: 'due' | 'all'): void {
    if (this.board === undefined) return
    const { clock, notifiers } = this.ports
    const telling = { nowMs: clock.now(), board: this.board, notifiers: notifiers(), which }
    const { state, givenUp } = tellNews(this.state, telling)
    this.state = state
    for (const { id, notice } of givenUp) this.log(id, notice, 'given up: too many wait to be sent')
  }

  /** Notifiers that something waits for. Those of a file that is broken just now are not among them, and keep theirs. */
  private *outboxes(): Generator<{ id: string; notifier: Notifier; outbox: Outbox }> {
    for (const { id, notifier } of withIds(this.ports.notifiers())) {
      const outbox = this.state.outboxes[id]
      if (outbox !== undefined) yield { id, notifier, outbox }
    }
  }

  private sendDue(): void {
    const nowMs = this.ports.clock.now()
    for (const { id, notifier, outbox } of this.outboxes()) {
      const due = dueMs(outbox, nowMs)
      if (due === undefined || due > nowMs || this.onTheirWay.has(id)) continue
      this.put(id, withSending(outbox))
      const sending = this.send(id, notifier).finally(() => {
        this.onTheirWay.delete(id)
        this.nap.abort()
      })
      this.onTheirWay.set(id, sending)
    }
  }

  private async send(id: string, notifier: Notifier): Promise<void> {
    const { clock, send } = this.ports
    // First of all it is written down that it is on its way, so that an engine after a kill does not send it again.
    await this.save()
    const { unsent, lost } = this.state.outboxes[id]!
    const { notice } = unsent[0]!
    const sending = await send(notifier, lost > 0 ? withLost(notice, lost) : notice, this.stop.signal)
    const outbox = this.state.outboxes[id]!
    if (sending.outcome === 'sent') {
      this.put(id, afterSent(outbox))
      this.log(id, notice, sending.but === undefined ? 'sent' : `sent, but ${sending.but}`)
      if (sending.but !== undefined) this.trouble(`a notice was sent, but ${sending.but}: ${notifierText(notifier)}`)
      return
    }
    const { problem, hint, retryInMs } = sending
    const failed = afterFailure(outbox, clock.now(), retryInMs)
    this.put(id, failed.outbox)
    this.log(id, notice, `not sent: ${problem}; tried again in ${formatSeconds(failed.retryMs / 1000)}`)
    if (failed.outbox.failures === 1) {
      const again = 'It is tried again for a day; labmake notify test tries it now.'
      this.trouble(
        `a notice could not be sent by ${notifierText(notifier)}: ${problem}`,
        hint === undefined ? again : `${hint} ${again}`,
      )
    }
    for (const old of failed.givenUp) this.log(id, old, `given up after a day:\n${indented(old.text)}`)
    if (failed.givenUp.length > 0) {
      const count = plural(failed.givenUp.length, 'notice')
      this.trouble(`${count} could not be sent by ${notifierText(notifier)} within a day`, 'See .labmake/notices.log.')
    }
  }

  private lookAtSpace(): void {
    const { clock, space } = this.ports
    if (clock.steadyMs() < this.nextLookMs) return
    this.nextLookMs = clock.steadyMs() + spaceEveryMs
    // A file server that does not answer is not asked twice.
    if (this.looking !== undefined) return
    this.looking = space().then((found) => {
      this.looking = undefined
      if (found === undefined || this.closing) return
      const before = this.state
      this.state = afterSpace(before, found, clock.now())
      if (this.state.diskIsLow && !before.diskIsLow) {
        const left = `${sizeText(found.freeBytes)} of ${sizeText(found.totalBytes)}`
        this.trouble(`the disk is nearly full: ${left} are free`, 'Free some space before jobs fail for want of it.')
      }
      if (this.state !== before) this.nap.abort()
    })
  }

  private put(id: string, outbox: Outbox): void {
    const { [id]: _, ...others } = this.state.outboxes
    // Nothing to send and nothing to remember of it: no outbox.
    const isEmpty = outbox.unsent.length === 0 && outbox.failures === 0 && outbox.lost === 0
    this.state = { ...this.state, outboxes: isEmpty ? others : { ...others, [id]: outbox } }
  }

  private saveNowAndThen(): void {
    const steadyMs = this.ports.clock.steadyMs()
    if (this.saved === this.state || steadyMs < this.nextSaveMs) return
    this.nextSaveMs = steadyMs + saveEveryMs
    void this.save() // Never rejects, and close waits for the last.
  }

  /** Writes the state down if it is not yet; one write at a time, and of several that wait one. */
  private save(): Promise<void> {
    this.saving = this.saving.then(async () => {
      if (this.saved === this.state) return
      this.saved = this.state
      await this.ports.files.write(this.saved)
    })
    return this.saving
  }

  private log(id: string, notice: Notice, what: string): void {
    const at = new Date(this.ports.clock.now()).toISOString()
    this.ports.files.log(`${at} ${notice.kind} "${notice.title}" ${id}: ${what}`)
  }

  private trouble(message: string, hint?: string): void {
    const atMs = this.ports.clock.now()
    this.ports.emit({ type: 'trouble', atMs, message, ...(hint === undefined ? {} : { hint }) })
  }
}

/** Who gets a notice late is told that he did not get others. */
function withLost(notice: Notice, lost: number): Notice {
  const line = `${plural(lost, 'earlier notice')} could not be sent: see .labmake/notices.log.`
  return { ...notice, text: `${notice.text}\n${line}` }
}

const indented = (text: string) => text.replace(/^/gm, '    ')
