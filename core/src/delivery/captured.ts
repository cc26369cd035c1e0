import { Channel, DeliveryState } from '@carillon/schemas'
import { z } from 'zod'

/**
 * A message that was captured in development instead of being sent. `text` and `html` are rendered as for the recipient.
 * `skipped`: why it could not be sent, such as `no_address`. `provider`: the account that also sends it; `trouble`: why that
 * failed; `until`: the next attempt.
 */
export const Captured = z.object({
  id: z.string(),
  at: z.string(),
  user: z.string(),
  channel: Channel,
  to: z.string(),
  subject: z.string().optional(),
  text: z.string(),
  html: z.string().optional(),
  cc: z.array(z.string()).optional(),
  bcc: z.array(z.string()).optional(),
  /** The names of attached files. */
  files: z.array(z.string()).optional(),
  notification: z.string(),
  skipped: z.string().optional(),
  provider: z.string().optional(),
  trouble: z
    .object({ state: DeliveryState, reason: z.string(), detail: z.string(), until: z.string().optional() })
    .optional(),
})
export type Captured = z.infer<typeof Captured>

/** Accepts captured messages. Must not throw. */
export type Capture = (message: Captured) => void
