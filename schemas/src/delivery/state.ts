import { z } from 'zod'

/**
 * The states of a delivery in order; a delivery never goes back. `skipped` is not a failure. `in_doubt`: a
 * process or a provider failed during the attempt, so the message may or may not have been sent.
 */
export const DELIVERY_STATES = [
  'requested',
  'queued',
  'skipped',
  'in_doubt',
  'sent',
  'failed',
  'delivered',
  'seen',
  'read',
  'clicked',
] as const
export const DeliveryState = z.enum(DELIVERY_STATES).meta({
  id: 'DeliveryState',
  description: `The state of a delivery. It only goes forward, in this order:

- \`requested\`, \`queued\`: it waits to be sent.
- \`skipped\`: it was not sent, for the given reason. It is not a failure.
- \`in_doubt\`: it is unknown whether it was sent, since a process or a provider failed during the attempt.
- \`sent\`: the provider accepted it.
- \`failed\`: it is not tried again.
- \`delivered\`, \`seen\`, \`read\`, \`clicked\`: as the provider or the app reports.`,
})
export type DeliveryState = z.infer<typeof DeliveryState>
