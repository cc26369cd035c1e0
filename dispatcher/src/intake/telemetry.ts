import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Accepted, Refused } from './accept.ts'

/**
 * Reports a batch to operators: metrics, and one log line if attributes were omitted. Senders on NATS get no
 * response that could contain the warnings.
 */
export const createObserveIntake =
  ({ log, metrics }: { log: Log; metrics: Metrics }) =>
  ({ accepted, refused }: { accepted: readonly Accepted[]; refused: readonly Refused[] }): void => {
    for (const { ready } of accepted)
      metrics.accepted.inc({ via: 'stream', priority: ready.notification.priority })
    for (const { reason } of refused) metrics.refused.inc({ via: 'stream', code: reason.code })
    for (const { type, warnings, ignored } of accepted) {
      const count = warnings.length + ignored
      if (count > 0) metrics.ignored.inc({ via: 'stream', type: type?.key ?? '' }, count)
    }
    const first = accepted.find(({ warnings }) => warnings.length > 0)
    if (!first) return
    const ignored = accepted.reduce((sum, { warnings }) => sum + warnings.length, 0)
    const { tenant, id } = first.ready
    log.warn(
      { ignored, first: { tenant, notification: id, ...first.warnings[0] } },
      'attributes of recipients are invalid and were dropped',
    )
  }

export type ObserveIntake = ReturnType<typeof createObserveIntake>
