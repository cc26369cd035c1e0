import { hash } from 'node:crypto'
import { ContextKey, scheduleSubject, UserId, workSubject } from '@carillon/schemas'
import { z } from 'zod'
import { type Place, SLOTS } from '../store/ports/walk.ts'
import type { OutgoingMessage } from '../stream/port.ts'

/**
 * The quiet hours, snooze, digest time, time zone or frequencies of a user have changed; or the defaults of a tenant or context,
 * which concern all users after a place. Without a context, the defaults are those of the tenant.
 */
export const TimesWork = z.union([
  z.object({ user: UserId }),
  z.object({
    everyone: z.literal(true),
    context: ContextKey.optional(),
    after: z.object({ slot: z.int().min(0).max(SLOTS), user: UserId }).optional(),
  }),
])
export type TimesWork = z.infer<typeof TimesWork>

/** The delay of the message, in ms. The change is written by then. */
const DELAY_MS = 2_000

/** Publishing it again replaces a message that waits. */
const message = (tenant: string, work: TimesWork, at: number, name: string): OutgoingMessage => ({
  subject: workSubject('times', 'normal', tenant),
  data: Buffer.from(JSON.stringify(work)),
  schedule: {
    at,
    key: scheduleSubject(tenant, 'change', hash('sha256', name, 'base64url').slice(0, 32)),
  },
})

/** Returns the message that moves what waits for a user. It is published before the change, at `now` (epoch ms). */
export const timesMessage = (tenant: string, user: string, now: number): OutgoingMessage =>
  message(tenant, { user }, now + DELAY_MS, user)

/**
 * Returns the message that moves what waits for all users, or in one context. It is published before the defaults change, at
 * `now` (epoch ms), and again for the users after a place. A change meanwhile starts over.
 */
export const defaultsMessage = (
  tenant: string,
  context: string | undefined,
  { now, after }: { now: number; after?: Place },
): OutgoingMessage =>
  message(
    tenant,
    { everyone: true, ...(context === undefined ? {} : { context }), ...(after ? { after } : {}) },
    after ? now : now + DELAY_MS,
    // No user is called so: ids have no line breaks.
    `\n${context ?? ''}`,
  )
