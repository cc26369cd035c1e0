import { configDefaults, defineConfig } from 'vitest/config'

/** Tests run the sources, unbuilt, like `npm start`. */
const unbuilt = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } }

const END_TO_END = '*/src/**/*.e2e.test.ts'

export default defineConfig({
  ...unbuilt,
  test: {
    globalSetup: 'load-tests/src/rig/vitest.ts',
    reporters: ['default', './load-tests/src/rig/reporter.ts'],
    projects: [
      {
        ...unbuilt,
        test: {
          name: 'parts',
          include: ['*/src/**/*.test.ts'],
          exclude: [...configDefaults.exclude, END_TO_END],
          testTimeout: 20_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole clusters, killed and restarted: one at a time, and after the rest.
        ...unbuilt,
        test: {
          name: 'whole',
          include: [END_TO_END],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
