import { z } from 'zod'
import { Day } from './quiet-hours.ts'

/** When daily and weekly digests are sent, in local time. */
export const DigestTime = z
  .strictObject({
    hour: z.int().min(0).max(23).optional().describe('The hour of daily and weekly digests. Defaults to 9'),
    day: Day.optional().describe('The day of weekly digests. Defaults to Monday'),
  })
  .meta({
    id: 'DigestTime',
    description: "When daily and weekly digests are sent, in the user's local time",
    examples: [{ hour: 8, day: 'mon' }],
  })
export type DigestTime = z.infer<typeof DigestTime>
