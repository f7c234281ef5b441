import type { BuildEvent } from '../model/event.ts'

/** Shows a build while it runs. */
export interface Reporter {
  event(event: BuildEvent): void
  /** Gives the terminal back. */
  close(): void
}
