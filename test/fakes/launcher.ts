import type { StagedTarget } from '../../src/model/attempt.ts'
import type { Exit, Launch, Launcher, Running } from '../../src/model/ports.ts'
import type { FakeClock } from './clock.ts'
import type { FakeDisk } from './disk.ts'
import type { FakeAttempts } from './journal.ts'

/** A recipe that was started. The test says what it writes and how it ends. */
export interface FakeRecipe extends Launch {
  readonly job: string
  /** Staged targets that the recipe was told of, by its words or its environment. */
  readonly targets: readonly StagedTarget[]
  /** Cancelled by labmake: how often, and whether at once. */
  readonly cancelled: readonly { readonly now: boolean }[]
  readonly ended: boolean
  /** Writes every staged target; a folder gets its expected members, or `made`. Takes a second. */
  make(content?: string): void
  /** Ends it; by default well. */
  end(exit?: Exit): void
}

export interface FakeLauncher extends Launcher {
  /** All recipes ever started, in order. */
  readonly recipes: readonly FakeRecipe[]
  /** Ids of jobs whose recipes were started, in order. */
  readonly ran: readonly string[]
  running(): FakeRecipe[]
  /** The recipe of a job that runs now. */
  of(job: string): FakeRecipe
  /** What a recipe does on its own. At first: makes its targets and ends well. */
  script: (recipe: FakeRecipe) => void
  /** Recipes do nothing until the test says so. */
  hold(): void
}

export const exitWith = (code: number): Exit => ({ status: 'failed', cause: { kind: 'exit', code } })

export function fakeLauncher(disk: FakeDisk, attempts: FakeAttempts, clock: FakeClock): FakeLauncher {
  const recipes: FakeRecipe[] = []
  const bySlug = new Map<string, Running>()
  const launcher: FakeLauncher = {
    recipes,
    get ran() {
      return recipes.map(({ job }) => job)
    },
    running: () => recipes.filter((recipe) => !recipe.ended),
    of(job) {
      const recipe = recipes.find((r) => r.job === job && !r.ended)
      if (recipe === undefined) throw new Error(`${job} does not run; ${launcher.running().map((r) => r.job)} do`)
      return recipe
    },
    script(recipe) {
      recipe.make()
      recipe.end()
    },
    hold() {
      launcher.script = () => {}
    },
    async start(launch) {
      const { running, recipe } = startRecipe(launch)
      recipes.push(recipe)
      bySlug.set(launch.slug, running)
      launcher.script(recipe)
      return running
    },
    adopt: (state) => bySlug.get(state.slug),
  }
  return launcher

  function startRecipe(launch: Launch): { running: Running; recipe: FakeRecipe } {
    const state = attempts.find(launch.slug)
    if (state === undefined) throw new Error(`${launch.slug} was started before it was written down`)
    const told = [...launch.words, ...Object.values(launch.environment)]
    const targets = state.targets.filter(({ staged }) => told.some((word) => word.includes(staged)))
    const cancelled: { now: boolean }[] = []
    let ended = false
    let over: (exit: Exit) => void = () => {}
    const exit = new Promise<Exit>((resolve) => {
      over = resolve
    })
    const recipe: FakeRecipe = {
      ...launch,
      job: state.job,
      targets,
      cancelled,
      get ended() {
        return ended
      },
      make(content = `made by ${state.job}`) {
        clock.tick()
        for (const { isFolder, staged } of targets) {
          if (!isFolder) disk.write(staged, content)
          else
            for (const name of state.expects.length > 0 ? state.expects : ['made'])
              disk.write(`${staged}/${name}`, content)
        }
      },
      end(how = { status: 'done' }) {
        ended = true
        over(how)
      },
    }
    const running: Running = {
      process: { pid: 1000 + recipes.length, startTime: '1', bootId: 'boot' },
      ended: exit.then(({ status }) => status === 'done'),
      exit,
      cancel: ({ now }) => void cancelled.push({ now }),
    }
    return { running, recipe }
  }
}
