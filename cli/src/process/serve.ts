import { createLog } from '@carillon/core/telemetry/log'
import { createMetrics, type Metrics } from '@carillon/core/telemetry/metrics'
import type { Context } from '../composition/context.ts'
import type { Config } from '../config/config.ts'
import { createClosers } from './closers.ts'
import { reportFaults } from './faults.ts'
import { refuseTakenAddress } from './listening.ts'

/**
 * Runs a long-lived role: calls `start`, waits for SIGTERM or SIGINT, then closes everything in reverse
 * order. Closing may take the drain delay, which a closer waits, plus the drain time. A second signal, an
 * uncaught exception, or a drain that exceeds its time ends the process at once.
 */
export const serve = async (
  role: string,
  options: { config: Config; secret: string; delayMs?: number },
  start: (context: Context & { metrics: Metrics }) => Promise<void>,
): Promise<void> => {
  const { config, secret, delayMs = 0 } = options
  const log = createLog({ level: config.logLevel, role })
  const metrics = createMetrics({ process: true })
  const closers = createClosers()

  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) process.exit(1)
    stopping = true
    log.info({ signal, delayMs }, 'draining')
    const limit = delayMs + config.drainMs
    const watchdog = setTimeout(() => process.exit(1), limit + 2_000)
    const failures = await closers.close(limit)
    for (const { name, error } of failures) log.error({ err: error, part: name }, 'did not close cleanly')
    clearTimeout(watchdog)
    log.info('stopped')
    process.exit(failures.length > 0 ? 1 : 0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  reportFaults({ log, metrics })
  await start({ config, secret, closers, log, metrics }).catch(refuseTakenAddress)
}
