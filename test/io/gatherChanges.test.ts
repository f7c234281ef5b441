import { expect, test } from 'vitest'
import { gatherChanges } from '../../src/io/gatherChanges.ts'
import type { Change } from '../../src/model/change.ts'
import { fakeClock } from '../fakes/clock.ts'
import { settled } from '../fakes/lab.ts'

function gathering() {
  const clock = fakeClock()
  const told: Change[] = []
  const changes = gatherChanges(clock, (change) => told.push(change))
  const pass = async (ms: number) => {
    clock.tick(ms)
    await settled()
  }
  return { changes, told, pass }
}

const batch = (...names: string[]): Change => ({ kind: 'batches', names: new Set(names) })

test('changes that come together are told once, when no more came', async () => {
  const { changes, told, pass } = gathering()
  changes.add(batch('B1'))
  await pass(90)
  changes.add(batch('B2'))
  changes.add({ kind: 'manifests' })
  changes.add(batch('B1'))
  await pass(10)
  expect(told).toEqual([])
  await pass(100)
  expect(told).toEqual([{ kind: 'manifests' }, batch('B1', 'B2')])
})

test('under a stream that does not end they are told after half a second all the same', async () => {
  const { changes, told, pass } = gathering()
  for (let ms = 0; ms < 500; ms += 50) {
    changes.add(batch(`B${ms}`))
    await pass(50)
  }
  expect(told).toHaveLength(1)
})

test('what comes after they were told is told again', async () => {
  const { changes, told, pass } = gathering()
  for (const name of ['B1', 'B2']) {
    changes.add(batch(name))
    await pass(100)
    await pass(100)
  }
  expect(told).toEqual([batch('B1'), batch('B2')])
})

test('where everything is to be planned, batches need not be named', async () => {
  const { changes, told, pass } = gathering()
  changes.add(batch('B1'))
  changes.add({ kind: 'everything', why: 'a' })
  changes.add({ kind: 'everything', why: 'b' })
  await pass(100)
  await pass(100)
  expect(told).toEqual([{ kind: 'everything', why: 'a' }])
})

test('nothing is told once closed', async () => {
  const { changes, told, pass } = gathering()
  changes.add(batch('B1'))
  changes.close()
  changes.add(batch('B2'))
  await pass(1000)
  expect(told).toEqual([])
})

test('after a calm, a change that is likely all there is is told at once, with what came in the same go', async () => {
  const { changes, told } = gathering()
  changes.add(batch('B1'), { isAlone: true })
  changes.add(batch('B2'), { isAlone: true })
  await settled()
  expect(told).toEqual([batch('B1', 'B2')])
})

test('what comes soon after it is gathered as ever', async () => {
  const { changes, told, pass } = gathering()
  changes.add(batch('B1'), { isAlone: true })
  await settled()
  await pass(50)
  changes.add(batch('B2'), { isAlone: true })
  await pass(50)
  expect(told).toEqual([batch('B1')])
  await pass(100)
  expect(told).toEqual([batch('B1'), batch('B2')])
})

test('what has come is told when somebody asks, and once', async () => {
  const { changes, told, pass } = gathering()
  changes.add(batch('B1'))
  changes.flush()
  expect(told).toEqual([batch('B1')])
  await pass(100)
  await pass(100)
  expect(told).toEqual([batch('B1')])
})
