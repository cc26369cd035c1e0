import { hash } from 'node:crypto'
import { scheduleSubject, UserId, workSubject } from '@carillon/schemas'
import { z } from 'zod'
import type { OutgoingMessage } from '../stream/port.ts'

/** The quiet hours, snooze, digest time or time zone of a user have changed. */
export const TimesWork = z.object({ user: UserId })
export type TimesWork = z.infer<typeof TimesWork>

/** The delay of the message, in ms. The change is written by then. */
const DELAY_MS = 2_000

/**
 * Returns the message that reschedules the waiting messages of a user. It is published before the change, at `now` (epoch ms).
 */
export const timesMessage = (tenant: string, user: string, now: number): OutgoingMessage => ({
  subject: workSubject('times', 'normal', tenant),
  data: Buffer.from(JSON.stringify({ user } satisfies TimesWork)),
  schedule: {
    at: now + DELAY_MS,
    key: scheduleSubject(tenant, 'change', hash('sha256', user, 'base64url').slice(0, 32)),
  },
})
