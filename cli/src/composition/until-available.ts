import { ProblemError, reasonOf } from '@carillon/core/errors'
import type { Log } from '@carillon/core/telemetry/log'

const PAUSE_MS = 1_000

/**
 * Servers may come up in any order: tries until the dependency answers, saying what it waits for, and again when the reason
 * is another.
 */
export const untilAvailable = async <Result>(
  log: Log,
  what: string,
  open: () => Promise<Result>,
): Promise<Result> => {
  let said: string | undefined
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof ProblemError && error.problem.temporary)) throw error
      const reason = reasonOf(error)
      if (reason !== said) log.warn({ err: error }, `waiting for the ${what}`)
      said = reason
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}
