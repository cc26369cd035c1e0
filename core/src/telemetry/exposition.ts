import type { Stream } from '../stream/port.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Readiness } from './readiness.ts'

/**
 * Renders every metric in the Prometheus text format. Omits and logs a backlog that cannot be read, because the other metrics
 * matter most during an outage. Never rejects because a dependency is unavailable.
 */
export const exposition = async (parts: {
  metrics: Metrics
  stream: Pick<Stream, 'backlog' | 'waiting'>
  readiness: () => Promise<Readiness>
  log: Log
}): Promise<{ type: string; body: string }> => {
  const { metrics, stream, readiness, log } = parts
  for (const [dependency, state] of Object.entries((await readiness()).parts))
    metrics.dependencyUp.set({ dependency }, state === 'ok' ? 1 : 0)
  try {
    const now = Date.now()
    const [backlog, { scheduled, oldest }] = await Promise.all([stream.backlog(), stream.waiting()])
    for (const [queue, unfinished] of backlog) {
      metrics.backlog.set({ queue }, unfinished)
      metrics.queueAge.set({ queue }, Math.max(0, now - (oldest.get(queue) ?? now)) / 1_000)
    }
    for (const [reason, waiting] of scheduled) metrics.waiting.set({ reason }, waiting)
  } catch (err) {
    for (const gauge of [metrics.backlog, metrics.queueAge, metrics.waiting]) gauge.reset()
    log.warn({ err }, 'the backlog could not be read for /metrics')
  }
  return { type: metrics.registry.contentType, body: await metrics.registry.metrics() }
}
