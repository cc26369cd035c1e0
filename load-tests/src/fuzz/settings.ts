import type { Parameters } from 'fast-check'

/** Runs repeat exactly: the same seed gives the same values. Set it to explore others. */
const SEED = Number(process.env.FUZZ_SEED ?? 20_260_131)
/** How many times as many runs as a test asks for. */
const FACTOR = Number(process.env.FUZZ_FACTOR ?? 1)

/** The parameters of a property that is checked `runs` times. */
export const fuzzed = (runs: number): Parameters<unknown> => ({
  seed: SEED,
  numRuns: Math.ceil(runs * FACTOR),
})

/** Appears in values only: an answer that contains it repeats a value back. */
export const MARKER = 'hunter2-hunter2-hunter2'

/** For what comes as soon as the machine has time for it. */
export const PATIENT = { timeout: 60_000, interval: 5 }
