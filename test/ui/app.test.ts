import { render } from 'ink-testing-library'
import { createElement } from 'react'
import { expect, test } from 'vitest'
import { Frame, openDrawing } from '../../src/ui/app.tsx'
import { frameSink } from '../../src/ui/sink.ts'
import { screen } from './screen.ts'

const frame = (...lines: string[]) => createElement(Frame, { lines })

/** A terminal that keeps what it is sent. */
function drawn() {
  const sent: string[] = []
  const write = (text: string, over?: () => void) => {
    sent.push(text)
    over?.()
    return true
  }
  const sink = frameSink({ columns: 30, rows: 3, write, once: () => {} })
  sink.enter()
  sent.splice(0)
  return { sink, drawing: openDrawing(sink), sent: () => sent.splice(0) }
}

test('each line is a row of its own', () => {
  const { lastFrame } = render(frame('one', 'two', 'three'))
  expect(lastFrame()).toBe('one\ntwo\nthree')
})

test('a frame may have fewer lines than the one before', () => {
  const { lastFrame, rerender } = render(frame('a', 'b', 'c'))
  rerender(frame('A'))
  expect(lastFrame()).toBe('A')
})

test('a frame has been painted when draw returns', async () => {
  const { drawing, sent } = drawn()
  drawing.draw(['one'])
  expect(sent()).toEqual(['\u001b[m\u001b[2J\u001b[1Hone'])
  drawing.draw(['one'])
  expect(sent()).toEqual([])
  await drawing.end()
})

test('what is on the screen after many frames is the last one: lines that come, go, move and come again', async () => {
  const { drawing, sent } = drawn()
  const terminal = screen(30, 3)
  const lines = ['', 'a', 'b', '\u001b[1mc\u001b[22m', '漢字', '─'.repeat(30), 'a   b', '#1']
  for (let n = 0; n < 300; n++) {
    const frame = [n % 8, (n * 3) % 7, (n * n) % 5].map((at) => lines[at]!).slice(0, n % 11 === 0 ? 2 : 3)
    drawing.draw(frame)
    await terminal.write(sent().join(''))
    const plain = frame.map((line) => line.replace(/\u001b\[\d+m/g, ''))
    expect(terminal.text()).toEqual([...plain, ''].slice(0, 3))
  }
  await drawing.end()
})

test('once the screen was left, the end of the drawing writes nothing', async () => {
  const { sink, drawing, sent } = drawn()
  drawing.draw(['one'])
  await sink.leave()
  sent()
  await drawing.end()
  expect(sent()).toEqual([])
})
