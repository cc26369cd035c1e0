import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'

/**
 * Handles errors that nothing else has handled. An unhandled rejection is logged and counted, and the process
 * continues, because it concerns one request, socket or message. An uncaught exception ends the process,
 * because its state is unknown.
 */
export const reportFaults = ({ log, metrics }: { log: Log; metrics: Pick<Metrics, 'faults'> }): void => {
  process.on('unhandledRejection', (err) => {
    metrics.faults.inc({ where: 'promise' })
    log.error({ err }, 'unhandled rejection')
  })
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'uncaught exception')
    process.exit(1)
  })
  process.on('warning', ({ name, message }) => log.warn({ name }, message))
}
