import type { Parameters } from 'fast-check'

/** The seed. The same seed gives the same values. */
const SEED = Number(process.env.FUZZ_SEED ?? 20_260_131)
/** Multiplies the number of runs of every test. */
const FACTOR = Number(process.env.FUZZ_FACTOR ?? 1)

/** Returns the parameters of a property with `runs` runs. */
export const fuzzed = (runs: number): Parameters<unknown> => ({
  seed: SEED,
  numRuns: Math.ceil(runs * FACTOR),
})

/** Appears in generated values only: a response that contains it echoes input. */
export const MARKER = 'hunter2-hunter2-hunter2'

/** A long timeout, for busy machines. */
export const PATIENT = { timeout: 60_000, interval: 5 }
