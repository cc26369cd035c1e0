import { hash } from 'node:crypto'
import { deliveryEvent } from '@carillon/core/delivery/events'
import { grouped } from '@carillon/core/group-by'
import type { Deliveries, DeliveryChange } from '@carillon/core/store/ports/deliveries'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Delivery } from '@carillon/schemas'

/**
 * What a device reports about pushes of one notification to its user. `step` and `device` select the delivery; without a
 * step, it is the latest push to the device, or to any device.
 */
export type PushReport = {
  notification: string
  user: string
  toAudience: boolean
  step?: number | undefined
  device?: string | undefined
  state: 'delivered' | 'clicked'
}

const sentAt = ({ times }: Delivery): number => Date.parse(times.sent ?? times.requested ?? '') || 0

/** Returns the delivery that a report is about; undefined if there is none. */
const deliveryOf = (rows: readonly Delivery[], { step, device }: PushReport): Delivery | undefined =>
  rows
    .filter(
      (row) =>
        row.channel === 'push' &&
        row.step !== null &&
        (step === undefined ? row.times.sent !== undefined : row.step === step) &&
        (device === undefined || row.device === device),
    )
    .toSorted((a, b) => sentAt(b) - sentAt(a))[0]

const dedupeOf = (tenant: string, { notification, user, step, device, state }: DeliveryChange): string =>
  hash('sha256', ['push', tenant, notification, user, step, device, state].join('\n'), 'base64url')

/**
 * Returns a function that records reports of one tenant in the ledger, each state of a delivery once, with the current time.
 * It reads, writes and publishes once per call. Best effort: a failure is logged.
 */
export const createPushLedger =
  ({
    deliveries,
    stream,
    log,
  }: {
    deliveries: Pick<Deliveries, 'of' | 'record'>
    stream: Pick<Stream, 'publish'>
    log: Log
  }) =>
  async (tenant: string, reports: readonly PushReport[]): Promise<void> => {
    if (reports.length === 0) return
    const now = Date.now()
    try {
      const recipients = [
        ...grouped(reports, ({ notification, user }) => `${notification}\n${user}`).values(),
      ].map((together) => ({ together, ...together[0]! }))
      const rows = await deliveries.of(
        tenant,
        recipients.map(({ notification: id, toAudience, user }) => ({ id, toAudience, user })),
      )
      const changes = new Map<string, DeliveryChange>()
      for (const [index, { together }] of recipients.entries())
        for (const report of together) {
          const { notification, user, toAudience, state } = report
          const row = deliveryOf(rows[index] ?? [], report)
          if (!row || row.step === null || row.times[state]) continue
          const { step, variant } = row
          const device = row.device ?? ''
          changes.set([notification, user, step, device, state].join('\n'), {
            ...{ notification, user, toAudience, step, device, state },
            ...{ channel: 'push', at: now },
            ...(variant === undefined ? {} : { variant }),
          })
        }
      const all = [...changes.values()]
      if (all.length === 0) return
      await deliveries.record(tenant, all)
      await stream.publish(
        all.map((change) => ({ ...deliveryEvent(tenant, change), dedupe: dedupeOf(tenant, change) })),
      )
    } catch (err) {
      log.warn({ err, tenant, reports: reports.length }, 'reports about pushes were not recorded')
    }
  }

export type PushLedger = ReturnType<typeof createPushLedger>
