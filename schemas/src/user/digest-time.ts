import { z } from 'zod'
import { Day } from './quiet-hours.ts'

/** When daily and weekly messages leave, in local time. */
export const DigestTime = z
  .strictObject({
    hour: z
      .int()
      .min(0)
      .max(23)
      .optional()
      .describe('The hour of daily and weekly messages; 9 if nobody chose'),
    day: Day.optional().describe('The day of weekly messages; Monday if nobody chose'),
  })
  .meta({
    id: 'DigestTime',
    description: "When daily and weekly messages leave, in the user's local time",
    examples: [{ hour: 8, day: 'mon' }],
  })
export type DigestTime = z.infer<typeof DigestTime>
