// Loaded into an engine that a test watches: on SIGUSR2 it clears its memory of all that nobody uses, and writes down what is left.
'use strict'
const { renameSync, writeFileSync } = require('node:fs')
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')

const path = process.env.LABMAKE_TEST_GAUGE
if (path !== undefined && process.argv.includes('run')) {
  setFlagsFromString('--expose-gc')
  const clear = runInNewContext('gc')
  process.on('SIGUSR2', () => {
    clear()
    clear()
    writeFileSync(`${path}.new`, JSON.stringify(process.memoryUsage()))
    renameSync(`${path}.new`, path)
  })
}
