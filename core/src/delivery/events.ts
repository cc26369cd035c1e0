import { type DeliveryEvent, deliveryEventSubject } from '@carillon/schemas'
import type { DeliveryChange } from '../store/ports/deliveries.ts'
import { IN_APP_STEP } from '../store/rules/ledger.ts'
import type { OutgoingMessage } from '../stream/port.ts'

const encoder = new TextEncoder()

/** Returns the event that publishes a ledger change. */
export const deliveryEvent = (tenant: string, change: DeliveryChange): OutgoingMessage => {
  const { notification, user, channel, step, device, state, at } = change
  const event: DeliveryEvent = {
    tenant,
    notification,
    user,
    channel,
    step: step === IN_APP_STEP ? null : step,
    device: device === '' ? null : device,
    state,
    at: new Date(at).toISOString(),
    attempt: change.attempt ?? 0,
    provider: change.provider ?? null,
    providerId: change.providerId ?? null,
    reason: change.reason ?? null,
    detail: change.detail ?? null,
    nextAttemptAt: change.nextAttempt === undefined ? null : new Date(change.nextAttempt).toISOString(),
    ...(change.variant === undefined ? {} : { variant: change.variant }),
    ...(change.test ? { test: true } : {}),
  }
  return { subject: deliveryEventSubject(tenant, state), data: encoder.encode(JSON.stringify(event)) }
}
