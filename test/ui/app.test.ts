import { render } from 'ink-testing-library'
import { createElement } from 'react'
import { expect, test } from 'vitest'
import { Frame, openDrawing } from '../../src/ui/app.tsx'
import { frameSink } from '../../src/ui/sink.ts'
import { screen } from './screen.ts'

const frame = (...lines: string[]) => createElement(Frame, { columns: 100, lines })

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
  return { sink, drawing: openDrawing(sink), sent: () => sent.splice(0) }
}

test('each line is a row of its own, as it is', () => {
  const { lastFrame } = render(frame(' labmake   1 batches', '', '\u001b[1m✗ failed\u001b[22m', '  indented'))
  expect(lastFrame()).toBe(' labmake   1 batches\n\n\u001b[1m✗ failed\u001b[22m\n  indented')
})

test('a line as wide as the screen is not broken', () => {
  const { lastFrame } = render(frame('─'.repeat(100), 'next'))
  expect(lastFrame()).toBe(`${'─'.repeat(100)}\nnext`)
})

test('a frame may have fewer lines than the one before', () => {
  const { lastFrame, rerender } = render(frame('a', 'b', 'c'))
  rerender(frame('A'))
  expect(lastFrame()).toBe('A')
})

test('frames reach the terminal', async () => {
  const { drawing, sent } = drawn()
  drawing.draw(['one', 'two', 'three'])
  drawing.draw(['one', '漢字 2', 'three'])
  const terminal = screen(30, 3)
  await terminal.write(sent().join(''))
  expect(terminal.text()).toEqual(['one', '漢字 2', 'three'])
  await drawing.end()
})

test('a frame is drawn when draw returns', async () => {
  const { drawing, sent } = drawn()
  sent()
  drawing.draw(['one'])
  expect(sent()).toEqual(['\u001b[m\u001b[2J\u001b[1Hone'])
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
