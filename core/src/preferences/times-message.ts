import { UserId, workSubject } from '@carillon/schemas'
import { z } from 'zod'
import type { OutgoingMessage } from '../stream/port.ts'

/** The quiet hours, snooze, digest time or time zone of a user have changed. */
export const TimesWork = z.object({ user: UserId })
export type TimesWork = z.infer<typeof TimesWork>

/** Returns the message that moves what waits for a user. */
export const timesMessage = (tenant: string, user: string): OutgoingMessage => ({
  subject: workSubject('times', 'normal', tenant),
  data: Buffer.from(JSON.stringify({ user } satisfies TimesWork)),
})
