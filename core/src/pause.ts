import { setImmediate } from 'node:timers/promises'
import { ProblemError } from './errors.ts'

/** How long a computation may hold the event loop before other work runs. */
const HOLD_MS = 10

/** Lets other work of the process run if this work has held the event loop for a while. Throws once its time is used up. */
export type Pause = () => Promise<void>

type Limits = {
  /** The most work, in ms. */
  budgetMs?: number
  /** Names the input in the error. */
  what?: string
  /** A clock, in ms. */
  now?: () => number
}

/**
 * Returns a `Pause` for one long computation, to be called between its units. After `budgetMs` of work it throws
 * `invalid_request`.
 */
export const createPause = ({
  budgetMs = Number.POSITIVE_INFINITY,
  what = 'the input',
  now = () => performance.now(),
}: Limits = {}): Pause => {
  let since = now()
  let used = 0
  return async () => {
    const held = now() - since
    if (held < HOLD_MS) return
    used += held
    if (used > budgetMs)
      throw new ProblemError('invalid_request', `${what} takes longer than ${budgetMs / 1_000} s to check`)
    await setImmediate()
    since = now()
  }
}

/** Collects what the units of a long computation yield, with a pause after each. */
export const collected = async <Found>(units: Iterable<readonly Found[]>, pause: Pause): Promise<Found[]> => {
  const all: Found[] = []
  for (const found of units) {
    all.push(...found)
    await pause()
  }
  return all
}
