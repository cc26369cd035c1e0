import { clock } from './machine.ts'

/** A round may be this much faster than the one before. */
const GROWTH_MAX = 1.05

/**
 * Repeats a round, which returns its rate, until it is hardly faster than the one before, but starts none after `limitMs`.
 * A JVM is faster once it has compiled what a round calls.
 */
export const untilSteady = async (
  round: () => Promise<number>,
  limitMs: number,
  now: () => number = clock,
): Promise<void> => {
  const until = now() + limitMs
  let last = await round()
  while (now() < until) {
    const rate = await round()
    if (rate <= last * GROWTH_MAX) return
    last = rate
  }
}
