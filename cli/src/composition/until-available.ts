import { ProblemError, reasonOf } from '@carillon/core/errors'
import type { Log } from '@carillon/core/telemetry/log'

const RETRY_MS = 1_000

/**
 * Retries `open` until the dependency is available, because servers may start in any order. Logs each reason
 * for waiting once.
 */
export const untilAvailable = async <Result>(
  log: Log,
  what: string,
  open: () => Promise<Result>,
): Promise<Result> => {
  let logged: string | undefined
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof ProblemError && error.problem.temporary)) throw error
      const reason = reasonOf(error)
      if (reason !== logged) log.warn({ err: error }, `waiting for the ${what}`)
      logged = reason
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}
