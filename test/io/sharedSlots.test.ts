import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { grantScript } from '../../src/io/grants.ts'
import { markProcess } from '../../src/io/processes.ts'
import { openSharedSlots } from '../../src/io/sharedSlots.ts'
import { openSuccession } from '../../src/io/succession.ts'
import type { SharedSlots } from '../../src/model/ports.ts'

/** So many slots of gpu, as rule files give them. */
const gpus = (slots: number) => new Map([['gpu', { slots, counts: 'slots' } as const]])
/** So many GB of ram. */
const gigabytes = (size: number) => new Map([['ram', { slots: size * 1e9, counts: 'bytes' } as const]])

interface Place extends Disposable {
  readonly path: string
  /** A labmake of this workspace, which knows of gpu. */
  join(root: string, gpu?: number): SharedSlots
  /** What lies in the newest state, changed. */
  edit(change: (state: { grants: Record<string, unknown>[] }) => void): void
}

function place(): Place {
  const path = mkdtempSync(`${tmpdir()}/labmake-shared-`)
  chmodSync(path, 0o1777)
  return {
    path,
    join(root, gpu = 1) {
      const slots = openSharedSlots({ root, user: 'ana' }, path)
      slots.look(gpus(gpu))
      return slots
    },
    edit(change) {
      const [newest = ''] = readdirSync(path)
        .filter((name) => name.startsWith('state.'))
        .sort((a, b) => Number(b.slice(6)) - Number(a.slice(6)))
      const state = JSON.parse(readFileSync(`${path}/${newest}`, 'utf8'))
      change(state)
      writeFileSync(`${path}/${newest}`, JSON.stringify(state))
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

const one = { job: 'sort/B1', pools: new Map([['gpu', 1]]) }
const take = (slots: SharedSlots): string | undefined => {
  const taken = slots.take(one)
  return taken.status === 'taken' ? taken.grant : undefined
}

/** As the process that becomes the recipe, with one that runs until it is killed. */
async function recipeWith(grant: string, log = '/dev/null') {
  const script = `_grant=$1 _log=$2 _pid=$$ _told=$(cat /proc/$$/stat || ps -o lstart= -p $$)
hold() {\n${grantScript}\n}\nhold && echo started && exec sleep 600`
  const child = spawn('sh', ['-c', script, 'sh', grant, log], { stdio: ['ignore', 'pipe', 'ignore'] })
  const exit = once(child, 'exit')
  const started = await Promise.race([once(child.stdout, 'data').then(() => true), exit.then(() => false)])
  const kill = async () => {
    child.kill('SIGKILL')
    await exit
  }
  return { started, kill, pid: child.pid! }
}

test('a slot that one has is not given to another', () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana'), at.join('/srv/ben')]
  expect(take(ana)).toBeDefined()
  expect(take(ben)).toBeUndefined()
})

test('a slot that was given back is free, though no recipe came of it', () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana'), at.join('/srv/ben')]
  ana.give(take(ana)!)
  expect(take(ben)).toBeDefined()
})

test('others see how many are used, and by whom; own ones are not among them', () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana'), at.join('/srv/ben')]
  take(ana)
  const none = { slots: 1, usedByOthers: 0, holders: [], differs: undefined }
  expect(ana.look(gpus(1))).toEqual({ status: 'open', pools: new Map([['gpu', none]]) })
  const used = { ...none, usedByOthers: 1, holders: [{ user: 'ana', root: '/srv/ana', slots: 1 }] }
  expect(ben.look(gpus(1))).toEqual({ status: 'open', pools: new Map([['gpu', used]]) })
})

test('a slot is taken as long as its recipe runs though its labmake is dead, and free when that has ended', async () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana'), at.join('/srv/ben')]
  const recipe = await recipeWith(take(ana)!)
  dies(at)
  expect(take(ben)).toBeUndefined()
  await recipe.kill()
  expect(take(ben)).toBeDefined()
})

test('a slot of a labmake that died before it started anything is free, and a late recipe does not start', async () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana'), at.join('/srv/ben')]
  const grant = take(ana)!
  dies(at)
  expect(take(ben)).toBeDefined()
  const log = `${at.path}/log`
  const late = await recipeWith(grant, log)
  expect(late.started).toBe(false)
  expect(readFileSync(log, 'utf8')).toContain('it was not started')
})

test('a process id that was given to another process holds no slot', async () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana'), at.join('/srv/ben')]
  const grant = take(ana)!
  dies(at)
  const told = readFileSync('/proc/self/stat', 'latin1').replace(/(?<=\) )(.*)$/s, (rest) => {
    return rest.split(' ').with(19, '1').join(' ')
  })
  writeFileSync(grant, `${process.pid}\n${told}`)
  expect(take(ben)).toBeDefined()
})

test('what is left of before a restart of the machine holds no slot', () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana'), at.join('/srv/ben')]
  take(ana)
  at.edit(({ grants }) => {
    grants[0]!.labmake = { ...markProcess(process.pid), bootId: 'another' }
  })
  expect(take(ben)).toBeDefined()
})

test('an attempt that was taken over keeps its slot, which is not one of others then', async () => {
  using at = place()
  const grant = take(at.join('/srv/ana'))!
  const recipe = await recipeWith(grant)
  dies(at)
  const next = at.join('/srv/ana')
  next.adopt(grant)
  expect(next.look(gpus(1))).toMatchObject({ pools: new Map([['gpu', { usedByOthers: 0 }]]) })
  expect(take(next)).toBeUndefined()
  await recipe.kill()
})

test('the smallest number of slots counts, and both are told of it', () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana', 2), at.join('/srv/ben', 1)]
  expect(take(ana)).toBeDefined()
  expect(take(ana)).toBeUndefined()
  const gpu = (look: ReturnType<SharedSlots['look']>) => (look.status === 'open' ? look.pools.get('gpu') : undefined)
  expect(gpu(ana.look(gpus(2)))).toMatchObject({ slots: 1, differs: { root: '/srv/ben', slots: 1 } })
  expect(gpu(ben.look(gpus(1)))).toMatchObject({ slots: 1, differs: { root: '/srv/ana', slots: 2 } })
})

test('a workspace whose labmake has ended has no say in the number of slots', () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana', 2), at.join('/srv/ben', 1)]
  ben.close()
  expect([take(ana), take(ana)]).not.toContain(undefined)
})

test('memory is handed out by amounts, and others see how much of it is used', () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana'), at.join('/srv/ben')]
  const ask = (ram: number) => ({ job: 'denoise/B1', pools: new Map([['ram', ram * 1e9]]) })
  for (const one of [ana, ben]) one.look(gigabytes(64))
  expect(ana.take(ask(40)).status).toBe('taken')
  expect(ben.take(ask(25)).status).toBe('short')
  expect(ben.take(ask(24)).status).toBe('taken')
  expect(ben.look(gigabytes(64))).toMatchObject({
    pools: new Map([['ram', { slots: 64e9, usedByOthers: 40e9, holders: [{ root: '/srv/ana', slots: 40e9 }] }]]),
  })
})

test('a pool that has slots here and memory there is handed out to neither, and both are told', () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana'), at.join('/srv/ben')]
  const slots = new Map([['ram', { slots: 2, counts: 'slots' } as const]])
  ben.look(gigabytes(64))
  expect(ana.look(slots)).toMatchObject({
    pools: new Map([['ram', { differs: { root: '/srv/ben', slots: 64e9, counts: 'bytes' } }]]),
  })
  expect(ana.take({ job: 'j', pools: new Map([['ram', 1]]) }).status).toBe('short')
  expect(ben.take({ job: 'j', pools: new Map([['ram', 1e9]]) }).status).toBe('short')
  expect(ben.look(gigabytes(64))).toMatchObject({ pools: new Map([['ram', { differs: { counts: 'slots' } }]]) })
  // Who mends his rule file gets on at once.
  ana.look(gigabytes(64))
  expect(ana.take({ job: 'j', pools: new Map([['ram', 1e9]]) }).status).toBe('taken')
})

test('what a labmake took that knew slots alone keeps others from its memory until it has ended', async () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana'), at.join('/srv/ben')]
  const recipe = await recipeWith(take(ana)!)
  at.edit(({ grants }) => {
    Object.assign(grants[0]!, { pools: { ram: 1 }, slots: { ram: 2 } })
    delete grants[0]!.bytesOf
  })
  ben.look(gigabytes(64))
  expect(ben.take({ job: 'j', pools: new Map([['ram', 1e9]]) }).status).toBe('short')
  await recipe.kill()
  expect(ben.take({ job: 'j', pools: new Map([['ram', 1e9]]) }).status).toBe('taken')
})

test('who waits is left the slot that comes free', () => {
  using at = place()
  const [ana, ben] = [at.join('/srv/ana'), at.join('/srv/ben')]
  const grant = take(ana)!
  ben.waitFor(one.pools)
  ana.give(grant)
  expect(take(ana)).toBeUndefined()
  expect(take(ben)).toBeDefined()
})

test('a state that nobody understands hands out nothing and says what to do', () => {
  using at = place()
  const ana = at.join('/srv/ana')
  take(ana)
  writeFileSync(`${at.path}/state.7`, '{"version": 9}')
  expect(ana.look(gpus(1))).toMatchObject({ status: 'shut', problem: expect.stringContaining('another version') })
  expect(ana.take(one)).toMatchObject({ status: 'shut' })
})

test('a folder that is not open to all hands out nothing and says what to do', () => {
  using at = place()
  rmSync(at.path, { recursive: true })
  writeFileSync(at.path, '')
  const shut = openSharedSlots({ root: '/srv/ana', user: 'ana' }, at.path).look(gpus(1))
  expect(shut).toMatchObject({ status: 'shut', hint: expect.stringContaining(`install -d -m 1777 ${at.path}`) })
})

test('the folder is made for everybody, and nothing is left in it but a bounded number of states', () => {
  using at = place()
  rmSync(at.path, { recursive: true })
  const ana = at.join('/srv/ana')
  expect(statSync(at.path).mode & 0o7777).toBe(0o1777)
  for (let i = 0; i < 50; i++) ana.give(take(ana)!)
  const names = readdirSync(at.path)
  expect(names.filter((name) => name.startsWith('state.'))).toHaveLength(16)
  expect(names.filter((name) => name.startsWith('grant.'))).toHaveLength(1)
  ana.close()
  expect(readdirSync(at.path).some((name) => name.startsWith('labmake.'))).toBe(false)
})

test('whoever decided by a state that is out of date gets nothing, also where its number is free again', () => {
  using at = place()
  const ana = at.join('/srv/ana')
  for (let i = 0; i < 30; i++) ana.give(take(ana)!)
  expect(existsSync(`${at.path}/state.2`)).toBe(false)
  expect(openSuccession(at.path).follow(1, '{}')).toBe(false)
  expect(existsSync(`${at.path}/state.2`)).toBe(false)
})

test('a folder that somebody removed is made anew', () => {
  using at = place()
  const ana = at.join('/srv/ana')
  rmSync(at.path, { recursive: true })
  expect(ana.look(gpus(1))).toMatchObject({ status: 'shut' })
  expect(ana.look(gpus(1))).toMatchObject({ status: 'open' })
  expect(take(ana)).toBeDefined()
})

test.skipIf(process.getuid?.() !== 0)(
  'states of other users, who alone can remove them, keep nobody from his slots',
  () => {
    using at = place()
    const ana = at.join('/srv/ana')
    for (let i = 0; i < 20; i++) ana.give(take(ana)!)
    process.seteuid!(65534)
    try {
      const ben = at.join('/srv/ben')
      const grant = take(ben)
      expect(grant).toBeDefined()
      ben.give(grant!)
      expect(take(ben)).toBeDefined()
    } finally {
      process.seteuid!(0)
    }
  },
)

/** The labmake of every grant is one that is no more. */
function dies(at: Place): void {
  at.edit(({ grants }) => {
    for (const grant of grants) grant.labmake = { ...markProcess(process.pid), startTime: '1' }
  })
}
