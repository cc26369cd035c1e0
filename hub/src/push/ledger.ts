import { hash } from 'node:crypto'
import { deliveryEvent } from '@carillon/core/delivery/events'
import { grouped } from '@carillon/core/group-by'
import type { Deliveries, DeliveryChange } from '@carillon/core/store/ports/deliveries'
import type { Stream } from '@carillon/core/stream/port'
import type { Delivery } from '@carillon/schemas'

/**
 * A report about the pushes of one notification to a user. `step` and `device` select the delivery; without a step, it is the
 * latest push to the device, or to any device.
 */
export type PushReport = {
  notification: string
  user: string
  toAudience: boolean
  step?: number | undefined
  device?: string | undefined
  state: 'delivered' | 'clicked'
}

type Place = { step: number; device: string; variant?: string | undefined; isKnown: boolean }

const sentAt = ({ times }: Delivery): number => Date.parse(times.sent ?? '') || 0

/** Returns the delivery that a report is about, and whether the ledger has the state; undefined if there is none. */
const placeOf = (rows: readonly Delivery[], { step, device, state }: PushReport): Place | undefined => {
  const [row] = rows
    .filter(
      (row) =>
        row.channel === 'push' &&
        row.step !== null &&
        (step === undefined ? row.times.sent !== undefined : row.step === step) &&
        (device === undefined || row.device === device),
    )
    .toSorted((a, b) => sentAt(b) - sentAt(a))
  if (row)
    return {
      ...{ step: row.step ?? 0, device: row.device ?? '', variant: row.variant },
      isKnown: row.times[state] !== undefined,
    }
  // A device may report before the dispatcher has recorded that the push was sent.
  return step === undefined || device === undefined ? undefined : { step, device, isKnown: false }
}

const dedupeOf = (tenant: string, { notification, user, step, device, state }: DeliveryChange): string =>
  hash('sha256', ['push', tenant, notification, user, step, device, state].join('\n'), 'base64url')

/**
 * Returns a function that records reports of one tenant in the ledger, each state of a delivery once, with the current time.
 * It reads, writes and publishes once per call.
 */
export const createPushLedger =
  ({
    deliveries,
    stream,
  }: {
    deliveries: Pick<Deliveries, 'of' | 'record'>
    stream: Pick<Stream, 'publish'>
  }) =>
  async (tenant: string, reports: readonly PushReport[]): Promise<void> => {
    if (reports.length === 0) return
    const now = Date.now()
    const recipients = [...grouped(reports, ({ notification, user }) => `${notification}\n${user}`).values()]
    const rows = await deliveries.of(
      tenant,
      recipients.flatMap(([first]) =>
        first ? [{ id: first.notification, toAudience: first.toAudience, user: first.user }] : [],
      ),
    )
    const changes = new Map<string, DeliveryChange>()
    for (const [index, together] of recipients.entries())
      for (const report of together) {
        const { notification, user, toAudience, state } = report
        const place = placeOf(rows[index] ?? [], report)
        if (!place || place.isKnown) continue
        const { step, device, variant } = place
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
  }

export type PushLedger = ReturnType<typeof createPushLedger>
