import { defineConfig } from 'vitest/config'

/**
 * Tests of processes on a machine with other work to do fail by chance now and then: they are tried once more, and what needed
 * it is named at the end of .ci/run, to be looked into.
 */
const retry = 1

/**
 * Five suites: `unit` (pure code and single files, seconds), `e2e` (the built command, Node only), `journeys` (in a real
 * terminal, needs tmux), `soak` (an engine for minutes, at random), `heavy` (Python, long recordings).
 */
export default defineConfig({
  define: { LABMAKE_VERSION: '"0.0.0-test"' },
  test: {
    root: new URL('..', import.meta.url).pathname,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Seconds at the most; on a machine with other work to do, many times that.
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/heavy/**', 'test/journeys/**', 'test/soak/**'],
        },
      },
      {
        extends: true,
        // These mostly wait for processes to start: more files at once than the one that vitest takes on two processors.
        test: {
          name: 'e2e',
          // After the unit tests: projects with workers of their own cannot share a turn.
          sequence: { groupOrder: 1 },
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          retry,
          maxWorkers: 3,
        },
      },
      {
        extends: true,
        test: {
          name: 'journeys',
          sequence: { groupOrder: 2 },
          include: ['test/journeys/**/*.test.ts'],
          testTimeout: 120_000,
          retry,
          maxWorkers: 3,
        },
      },
      {
        extends: true,
        test: {
          name: 'soak',
          sequence: { groupOrder: 4 },
          include: ['test/soak/**/*.test.ts'],
          testTimeout: 900_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'heavy',
          sequence: { groupOrder: 3 },
          include: ['test/heavy/**/*.test.ts'],
          testTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
