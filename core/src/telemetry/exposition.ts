import type { Stream } from '../stream/port.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

/**
 * Renders every metric in the Prometheus text format. Omits and logs a backlog that cannot be read, because the other metrics
 * matter most during an outage. Never rejects because a dependency is unavailable.
 */
export const exposition = async (parts: {
  metrics: Metrics
  stream: Pick<Stream, 'backlog'>
  log: Log
}): Promise<{ type: string; body: string }> => {
  const { metrics, stream, log } = parts
  try {
    for (const [queue, waiting] of await stream.backlog()) metrics.backlog.set({ queue }, waiting)
  } catch (err) {
    metrics.backlog.reset()
    log.warn({ err }, 'the backlog could not be read for /metrics')
  }
  return { type: metrics.registry.contentType, body: await metrics.registry.metrics() }
}
