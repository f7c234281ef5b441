import type { StandingAnswer } from '../model/standing.ts'
import { type Asker, ask, readAnswer } from './ask.ts'

/** The engine plans what changed before it answers: for a hundred thousand jobs on a slow disk that takes minutes. */
const patienceMs = 300_000

/**
 * Asks an engine how goals stand, and nothing else: most who say labmake find nothing to do, and need not follow anything.
 * Undefined where no engine listens, or it is of another protocol or does not know the question. Rejects with UserError.
 */
export async function askStanding(asker: Asker, goals: readonly string[]): Promise<StandingAnswer | undefined> {
  const answer = await ask(asker, {
    path: '/standing',
    body: JSON.stringify({ type: 'build', jobs: goals }),
    patienceMs,
  })
  if (answer === undefined) return undefined
  if (answer.status !== 404 && answer.difference?.compatible !== false) return readAnswer(answer)
  answer.response.destroy()
  return undefined
}
