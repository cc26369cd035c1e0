import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'
import LongFirst from './load-tests/src/rig/sequencer.ts'

/** Tests import the sources, unbuilt, like `npm start`. */
const source = { resolve: { conditions: ['source'] } }
/** `__vitest__` is where the global setup runs. */
const unbuilt = { ...source, ssr: source, environments: { __vitest__: source } }

const END_TO_END = '*/src/**/*.e2e.test.ts'
/** Tests whose result depends on the speed of the machine. */
const ALONE = ['load-tests/src/overload/**/*.e2e.test.ts']

/** Part of `npm run proof` only, because building k6 takes longer than many tests. */
const K6 = process.env.K6 ? [] : ['load-tests/src/k6/*.e2e.test.ts']

/** One worker more than cores, because files that start processes mostly wait for them. The sequencer mixes both kinds. */
const SIDE_BY_SIDE = { maxWorkers: availableParallelism() + 1, sequence: { groupOrder: 0 } }

/** Calendars do not depend on the time zone of the process, so their tests run again in some others. */
const CASES = ['core/src/calendar/cases.test.ts', 'dispatcher/src/digests/field-cases.test.ts']
const ZONES: Record<string, string[]> = {
  'Pacific/Apia': CASES,
  'Asia/Kathmandu': CASES,
  // Its clocks change, so properties are tested there too.
  'America/New_York': [...CASES, 'core/src/calendar/*.test.ts'],
}

const parts = {
  expect: { poll: { timeout: 15_000 } },
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // The files of a worker share their modules: importing the sources anew for each file takes half of the time.
  isolate: false,
}

/** Real processes, killed and restarted. They run the build, which starts in half the time. */
const processes = {
  testTimeout: 180_000,
  hookTimeout: 180_000,
  globalSetup: 'load-tests/src/rig/build.ts',
  env: { RIG_PROGRAM: 'build' },
}

export default defineConfig({
  ...unbuilt,
  test: {
    globalSetup: 'load-tests/src/rig/vitest.ts',
    reporters: ['default', './load-tests/src/rig/reporter.ts'],
    sequence: { sequencer: LongFirst },
    projects: [
      {
        ...unbuilt,
        test: {
          name: 'parts',
          ...parts,
          include: ['*/src/**/*.test.ts'],
          exclude: [...configDefaults.exclude, END_TO_END],
          ...SIDE_BY_SIDE,
        },
      },
      ...Object.entries(ZONES).map(([zone, include]) => ({
        ...unbuilt,
        test: {
          name: zone,
          ...parts,
          include,
          env: { TZ: zone },
          ...SIDE_BY_SIDE,
        },
      })),
      {
        ...unbuilt,
        test: {
          name: 'whole',
          include: [END_TO_END],
          exclude: [...configDefaults.exclude, ...ALONE, ...K6],
          ...processes,
          ...SIDE_BY_SIDE,
        },
      },
      {
        ...unbuilt,
        test: {
          name: 'alone',
          include: ALONE,
          ...processes,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
