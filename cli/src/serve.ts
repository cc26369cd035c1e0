import type { Config } from '@carillon/core/config/config'
import { ProblemError } from '@carillon/core/errors'
import { createClosers } from '@carillon/core/lifecycle/closers'
import { createLog, type Log } from '@carillon/core/telemetry/log'
import type { Context } from './parts.ts'

const STARTUP_RETRY_MS = 1_000

/**
 * Runs a long-lived role: opens what `start` opens, waits for SIGTERM or SIGINT, then closes everything in reverse
 * order within the drain time. A second signal, a fault, or a drain that takes too long ends the process at once.
 */
export const serve = async (
  role: string,
  options: { config: Config; secret: string },
  start: (context: Context) => Promise<void>,
): Promise<void> => {
  const { config, secret } = options
  const log = createLog({ level: config.logLevel, role })
  const closers = createClosers()

  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) process.exit(1)
    stopping = true
    log.info({ signal }, 'draining')
    const watchdog = setTimeout(() => process.exit(1), config.drainMs + 2_000)
    const failures = await closers.close(config.drainMs)
    for (const { name, error } of failures) log.error({ err: error, part: name }, 'did not close cleanly')
    clearTimeout(watchdog)
    log.info('stopped')
    process.exit(failures.length > 0 ? 1 : 0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error }, 'unhandled rejection')
    process.exit(1)
  })
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception')
    process.exit(1)
  })
  await start({ config, secret, closers, log })
}

/** Servers may come up in any order: tries until the dependency answers, saying what it waits for. */
export const untilAvailable = async <Result>(
  log: Log,
  what: string,
  open: () => Promise<Result>,
): Promise<Result> => {
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof ProblemError && error.problem.temporary)) throw error
      log.warn({ err: error }, `waiting for the ${what}`)
      await new Promise((resolve) => setTimeout(resolve, STARTUP_RETRY_MS))
    }
  }
}
