import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { attemptVariable, openFamilies } from '../../src/io/families.ts'
import { markProcess } from '../../src/io/processes.ts'
import { type Workspace, workspace } from '../workspace.ts'
import { isAlive, pidIn } from './recipes.ts'

const isLinux = process.platform === 'linux'

/** Starts a script that leads a session of its own, as the recipe of an attempt of this name. It lives until the test ends. */
function lead(ws: Workspace, attempt: string, script: string): ChildProcess {
  const environment = { ...process.env, [attemptVariable]: attempt }
  const child = spawn('sh', ['-c', script], { cwd: ws.root, detached: true, stdio: 'ignore', env: environment })
  ws.atEnd(() => process.kill(-child.pid!, 'SIGKILL'))
  return child
}

const newName = () => `family-${randomUUID().slice(0, 8)}`

test.skipIf(!isLinux)(
  'of a recipe that was seen before it was told of, all that it had started is its own',
  async () => {
    await using ws = await workspace()
    const families = openFamilies()
    const name = newName()
    const leader = lead(ws, name, "sh -c 'sleep 600 & echo $! >grandchild; wait' & wait").pid!
    const grandchild = await pidIn(ws, 'grandchild')
    families.look()
    expect(families.members(leader)).toEqual([])
    families.add(markProcess(leader)!, name)
    families.look()
    const members = families.members(leader).map(({ pid }) => pid)
    expect(members).toEqual(expect.arrayContaining([leader, grandchild]))
    expect(members).toHaveLength(3)
  },
)

test.skipIf(!isLinux)(
  'what left the session of a recipe, and whose starter is dead, is told by its environment',
  async () => {
    await using ws = await workspace()
    const families = openFamilies()
    const name = newName()
    const leader = lead(ws, name, "setsid -f sh -c 'echo $$ >away; exec sleep 600'; sleep 600").pid!
    const away = await pidIn(ws, 'away')
    ws.atEnd(() => process.kill(away, 'SIGKILL'))
    families.look()
    families.add(markProcess(leader)!, name)
    families.look()
    expect(families.members(leader).map(({ pid }) => pid)).toContain(away)
  },
)

test.skipIf(!isLinux)('what another recipe started is not its own', async () => {
  await using ws = await workspace()
  const families = openFamilies()
  const [one, other] = [newName(), newName()]
  const leader = lead(ws, one, 'sleep 600').pid!
  const stranger = lead(ws, other, 'sleep 600 & echo $! >theirs; wait').pid!
  const theirs = await pidIn(ws, 'theirs')
  families.add(markProcess(leader)!, one)
  families.look()
  families.add(markProcess(stranger)!, other)
  families.look()
  expect(families.members(leader).every(({ pid }) => pid !== theirs && pid !== stranger)).toBe(true)
  expect(families.members(stranger).map(({ pid }) => pid)).toContain(theirs)
  expect(isAlive(theirs)).toBe(true)
})
