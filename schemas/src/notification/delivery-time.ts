import { z } from 'zod'
import { LocalDateTime } from '../fields/local-date-time.ts'
import { DateOffset } from '../fields/offset.ts'

/** A local time, which is a different instant in each time zone. */
export const LocalTime = z.strictObject({ local: LocalDateTime }).meta({
  id: 'LocalTime',
  description: "A date and a time of day in each recipient's own time zone",
  examples: [{ local: '2026-12-01T09:00' }],
})
export type LocalTime = z.infer<typeof LocalTime>

/** A time relative to a date in `data`. */
export const RelativeTime = z
  .strictObject({
    from: z
      .string()
      .max(256)
      .regex(/^data(\.[A-Za-z0-9_$-]+)+$/, 'must be a path in data such as data.dueAt')
      .describe(
        'The path of an RFC 3339 instant in `data`, or of a date, which begins at midnight in the time zone of the context or tenant',
      ),
    offset: DateOffset.optional().describe('The distance from the date, such as `-PT30M`. Defaults to none'),
  })
  .meta({
    id: 'RelativeTime',
    description: 'A time before or after a date in `data`',
    examples: [{ from: 'data.dueAt', offset: '-PT30M' }],
  })
export type RelativeTime = z.infer<typeof RelativeTime>

/** What happens if a delivery time has passed. */
export const Late = z.enum(['now', 'skip']).meta({
  id: 'Late',
  description: `What happens if the delivery time has passed.

- \`now\`: it is delivered at once.
- \`skip\`: it is not delivered.`,
})
export type Late = z.infer<typeof Late>
