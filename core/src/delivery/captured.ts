import { Channel, DeliveryState } from '@carillon/schemas'
import { z } from 'zod'

/** The envelope of an e-mail; `from` also of a text message. An address is `ada@example.com` or `Ada <ada@example.com>`. */
export const CapturedEnvelope = z.object({
  from: z
    .string()
    .optional()
    .describe('The sender that the context or tenant sets. Defaults to that of the account'),
  replyTo: z.string().optional().describe('The address for replies'),
  cc: z.array(z.string()).optional().describe('The addresses that get a visible copy'),
  bcc: z.array(z.string()).optional().describe('The addresses that get a hidden copy'),
  headers: z.record(z.string(), z.string()).optional().describe('Additional headers'),
  attachments: z
    .array(z.object({ filename: z.string(), contentType: z.string(), size: z.int() }))
    .optional()
    .describe('Attached files, with their size in bytes'),
})

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
  ...CapturedEnvelope.shape,
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
