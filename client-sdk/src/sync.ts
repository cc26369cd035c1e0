import { asError, type CarillonError, isRefusal } from './error.ts'
import { backoff, type Timing } from './timing.ts'

/**
 * How much to fetch again. `check`: one page, and the rest if it shows that something was missed. `full`: every
 * feed. `trim`: every feed, and forget what lies below its first page.
 */
export type Level = 'check' | 'full' | 'trim'
const LEVELS: Level[] = ['check', 'full', 'trim']

const REFUSED_MS = 30_000

/**
 * Runs passes of refetching, one at a time: however many reasons come up meanwhile, one more pass follows. A pass
 * that failed is repeated with backoff until it succeeds.
 */
export const createSync = (options: {
  pass: (level: Level) => Promise<void>
  onError: (error: CarillonError) => void
  timing: Timing
}) => {
  const { timing } = options
  let wanted: Level | undefined
  let due = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let running = false
  let closed = false
  let failures = 0
  let endedAt = 0

  const run = async () => {
    const level = wanted ?? 'check'
    timer = undefined
    wanted = undefined
    running = true
    let wait = 0
    try {
      await options.pass(level)
      failures = 0
      endedAt = Date.now()
    } catch (thrown) {
      const error = asError(thrown)
      failures++
      wanted = level === 'trim' ? level : 'full'
      wait = isRefusal(error.code)
        ? backoff(failures, REFUSED_MS, timing.refusedMax)
        : Math.max(error.retryAfter ?? 0, backoff(failures, timing.retry, timing.retryMax))
      options.onError(error)
    }
    running = false
    if (wanted) request(wanted, wait)
  }

  /** Asks for a pass after `wait` ms at the latest; an earlier one serves as well. */
  const request = (level: Level, wait = 0) => {
    if (closed) return
    if (!wanted || LEVELS.indexOf(level) > LEVELS.indexOf(wanted)) wanted = level
    const at = Date.now() + wait
    if (running || (timer !== undefined && due <= at)) return
    clearTimeout(timer)
    due = at
    timer = setTimeout(run, wait)
  }

  return {
    request,
    /** How long ago the last good pass ended, in ms. */
    age: () => Date.now() - endedAt,
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}
export type Sync = ReturnType<typeof createSync>
