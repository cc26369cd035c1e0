import { hash } from 'node:crypto'
import { ScheduleId, scheduleSubject, workSubject } from '@carillon/schemas'
import { z } from 'zod'
import { EpochMs } from '../json/epoch.ts'
import type { OutgoingMessage } from '../stream/port.ts'

/**
 * A schedule that may have to run. `after`: the instant up to which its runs were handled; `at`: when the log delivers the
 * message. Both are epoch ms. The schedule itself is read when the message arrives.
 */
export const RunWork = z.object({ id: ScheduleId, after: EpochMs, at: EpochMs })
export type RunWork = z.infer<typeof RunWork>

/** Returns the schedule key of a schedule's message in the log. */
export const runKey = (tenant: string, id: string): string =>
  scheduleSubject(tenant, 'schedule', hash('sha256', id, 'base64url').slice(0, 32))

/** Returns the message of a schedule's next run. It replaces an earlier one. */
export const runMessage = (tenant: string, { id, after, at }: RunWork): OutgoingMessage => ({
  subject: workSubject('run', 'normal', tenant),
  data: Buffer.from(JSON.stringify({ id, after, at } satisfies RunWork)),
  schedule: { at, key: runKey(tenant, id) },
})
