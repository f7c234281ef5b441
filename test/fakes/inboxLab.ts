import { emptyBoard, nextBoard } from '../../src/core/board.ts'
import { dropStateText } from '../../src/core/dropText.ts'
import { byName } from '../../src/core/names.ts'
import { type Intake, openIntake } from '../../src/engine/intake.ts'
import type { BoardEngine } from '../../src/model/board.ts'
import type { EngineEvent } from '../../src/model/event.ts'
import type { RuleSet } from '../../src/model/rule.ts'
import { type Acts, countActs } from './acts.ts'
import { type FakeClock, fakeClock } from './clock.ts'
import { type FakeDisk, fakeDisk } from './disk.ts'
import { type FakeClaims, type FakeInbox, fakeClaims, fakeInbox } from './inbox.ts'
import { type FakeJournal, fakeJournal } from './journal.ts'
import { type RuleFileContent, soundRules } from './rules.ts'

export const quietMs = 30_000

/** The lab's rules for what may be dropped. */
export const mats: RuleFileContent = {
  inbox: [{ accept: '{batch}/*.mat', store: 'data/mat/{batch}/' }],
  rules: {
    denoise: {
      sources: 'data/mat/{batch}/',
      targets: 'data/kwd/{batch}.kwd',
      params: { omit: '' },
      recipe: 'r {source} {target} {omit}',
    },
  },
}

/** An inbox of fakes, and the intake that looks after it. */
export interface InboxLab {
  readonly disk: FakeDisk
  readonly clock: FakeClock
  readonly acts: Acts
  readonly inbox: FakeInbox
  readonly claims: FakeClaims
  readonly journal: FakeJournal
  readonly events: readonly EngineEvent[]
  /** The intake of the labmake that is alive. */
  readonly intake: Intake
  rules: RuleSet
  /** How often the intake asked for a look. */
  readonly wakes: number
  /** Batches that the engine knows. */
  batches: readonly string[]
  /** Drops: paths below inbox/ → contents. */
  drop(files: Readonly<Record<string, string>>): void
  /** Looks until all that is there has settled, as a watch does. Names of what was taken. */
  settle(): Promise<string[]>
  /** Until everything that can happen without the test has happened. */
  turns(): Promise<void>
  /** The events since the last call, in short words. */
  told(): string[]
  /** The drops on the board of whoever hears the events, by name, each with its state. */
  board(): string[]
  /** labmake ends, and another one starts, on a disk that is well. */
  restart(): Promise<void>
  /** As restart, on a disk as it is. */
  restartAsItIs(): Promise<void>
}

export function inboxLab(content: RuleFileContent = mats, files: Readonly<Record<string, string>> = {}): InboxLab {
  const clock = fakeClock()
  const acts = countActs()
  const disk = fakeDisk(() => clock.now(), acts)
  for (const [path, text] of Object.entries(files)) disk.write(path, text)
  clock.tick(3_600_000)
  const inbox = fakeInbox(disk, () => clock.now(), acts)
  const claims = fakeClaims(acts)
  const journal = fakeJournal(acts)
  let events: EngineEvent[] = []
  let wakes = 0
  let heard = 0
  const open = () =>
    openIntake({
      ports: { inbox, claims, writer: disk.writer, disk, journal, clock },
      rules: () => self.rules,
      batches: () => self.batches,
      records: [...journal.records],
      emit: (event) => void events.push(event),
      wake: () => void wakes++,
    })
  let intake: Intake | undefined
  const self: InboxLab = {
    disk,
    clock,
    acts,
    inbox,
    claims,
    journal,
    get events() {
      return events
    },
    get intake() {
      intake ??= open()
      return intake
    },
    get wakes() {
      return wakes
    },
    rules: { ...soundRules(content), quietMs },
    batches: [],
    drop(dropped) {
      for (const [path, text] of Object.entries(dropped)) disk.write(`inbox/${path}`, text)
    },
    async settle() {
      const taken: string[] = []
      // Three looks half a window apart make whole what is still.
      for (let look = 0; look < 3; look++) {
        if (look > 0) clock.tick(quietMs / 2)
        taken.push(...(await self.intake.look('watch')).taken.map(({ drop }) => drop))
      }
      return taken
    },
    turns: () => new Promise((resolve) => setImmediate(resolve)),
    told() {
      const said = events.slice(heard).flatMap((event) => shown(event, clock.now()))
      heard = events.length
      return said
    },
    board() {
      const { drops } = events.reduce(nextBoard, emptyBoard(engine))
      return [...drops.values()].map(({ name, state }) => `${name} ${state.kind}`).sort((a, b) => byName(a, b))
    },
    restart() {
      acts.mend()
      return self.restartAsItIs()
    },
    async restartAsItIs() {
      events = []
      heard = 0
      intake = open()
      await intake.recover()
    },
  }
  return self
}

const engine: BoardEngine = {
  pid: 1,
  user: 'ana',
  host: 'server',
  startedMs: 0,
  version: '0.0.0-test',
  mode: 'watch',
  root: '/lab',
  stopping: false,
}

function shown(event: EngineEvent, nowMs: number): string[] {
  switch (event.type) {
    case 'drop':
      return [`${event.drop.state.kind} ${event.drop.name}: ${dropStateText(event.drop.state, nowMs)}`]
    case 'taken':
      return [`taken ${event.drop}: ${event.stored.join(', ')}`]
    case 'same':
      return [`same ${event.drop}: ${event.as.join(', ')}`]
    case 'withdrawn':
      return [`withdrawn ${event.drop}`]
    case 'trouble':
      return [`trouble: ${event.message}`]
    default:
      return []
  }
}
