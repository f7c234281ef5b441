import { type Histories, nextHistory, noHistory } from '../core/history.ts'
import type { JournalRecord, TargetHistory, TargetRecord } from '../model/record.ts'

/** What is known of all targets, in little memory. */
export interface KeptHistories extends Histories {
  /** `text`: of that record, which was just taken into the history of its target. */
  settle(record: JournalRecord, text: string): void
}

/** Of so many targets the history is kept as it was told last: those of one slice of a plan are asked for more than once. */
const mostLately = 1024

/**
 * Most targets were made, and nothing came of them since: that one record says all. It is kept as its JSON, and read when
 * it is asked for, in 3 µs: objects with paths as their keys, which 20,000 records are, take four times the memory.
 */
export function keepHistories(): KeptHistories {
  const kept = new Map<string, string | TargetHistory>()
  const lately = new Map<string, TargetHistory>()
  const recipes = shareRecipes()

  function get(target: string): TargetHistory | undefined {
    const known = kept.get(target)
    if (typeof known !== 'string') return known
    const read = lately.get(target)
    if (read !== undefined) return read
    const history = nextHistory(noHistory, recipes.read(known))
    if (lately.size >= mostLately) lately.clear()
    lately.set(target, history)
    return history
  }

  return {
    get,
    set(target, history) {
      lately.delete(target)
      kept.set(target, history)
    },
    settle(record, text) {
      if (record.type !== 'made' && record.type !== 'accepted') return
      const history = kept.get(record.target)
      if (typeof history === 'object' && isOf(history, record)) kept.set(record.target, recipes.shared(text))
    },
  }
}

/** Is this record all that is known? */
function isOf(history: TargetHistory, record: JournalRecord): boolean {
  if (history.current !== record) return false
  const alone = nextHistory(noHistory, record)
  return (Object.keys(alone) as (keyof TargetHistory)[]).every((key) => alone[key] === history[key])
}

const recipe = /"recipe":("[^"\\]*(?:\\.[^"\\]*)*")/
const recipeKey = '"recipe":"'

/** Thousands of records have the same recipe, which may be a long script: a number stands for it. */
function shareRecipes(): { shared(text: string): string; read(text: string): TargetRecord } {
  const recipes: string[] = []
  const numbers = new Map<string, number>()
  return {
    shared(text) {
      const found = recipe.exec(text)
      // A file in a recording, or a param, may be called so too.
      if (found === null || text.lastIndexOf(recipeKey) !== found.index) return text
      const { index, 0: whole, 1: written } = found
      const number = numbers.get(written!) ?? recipes.push(JSON.parse(written!)) - 1
      numbers.set(written!, number)
      // Joined, and not added: parts of a sum would keep the text that they are from.
      return [text.slice(0, index), '"recipe":', number, text.slice(index + whole.length)].join('')
    },
    read(text) {
      const record = JSON.parse(text)
      if (typeof record.recipe === 'number') record.recipe = recipes[record.recipe]
      return record
    },
  }
}
