import { hash } from 'node:crypto'
import { scheduleSubject, UserId, workSubject } from '@carillon/schemas'
import { z } from 'zod'
import type { OutgoingMessage } from '../stream/port.ts'

/** The quiet hours, snooze, digest time or time zone of a user have changed. */
export const TimesWork = z.object({ user: UserId })
export type TimesWork = z.infer<typeof TimesWork>

/** How long after it is published the message is handled: the change has been made by then. */
const DELAY_MS = 2_000

/** Returns the message that moves what waits for a user. It is published before the change, at `now` (epoch ms). */
export const timesMessage = (tenant: string, user: string, now: number): OutgoingMessage => ({
  subject: workSubject('times', 'normal', tenant),
  data: Buffer.from(JSON.stringify({ user } satisfies TimesWork)),
  schedule: {
    at: now + DELAY_MS,
    key: scheduleSubject(tenant, `times-${hash('sha256', user, 'base64url').slice(0, 32)}`),
  },
})
