import { z } from 'zod'
import { TimeZone } from '../fields/locale.ts'
import { named } from '../validation/names.ts'

/** The days of a week, Monday first. */
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

export const Day = z.enum(DAYS).meta({ id: 'Day', description: 'A day of the week', examples: ['mon'] })
export type Day = z.infer<typeof Day>

/** Maximum number of quiet windows that start on one day. */
export const WINDOWS_PER_DAY_MAX = 8

const start = z
  .string()
  .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a local time from 00:00 to 23:59')
  .describe('When it starts, in local time')
const end = z
  .string()
  .regex(/^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/, 'must be a local time from 00:00 to 24:00')
  .describe('When it ends. A time before the start lies on the next day')

/** A quiet window. It belongs to the day on which it starts. */
export const QuietWindow = named(
  z
    .tuple([start, end])
    .refine(([from, to]) => from !== to, 'must not end at its start; a whole day is 00:00 to 24:00')
    .meta({
      id: 'QuietWindow',
      description:
        'A quiet window: start and end as local times. An end before the start lies on the next day; `24:00` is the end of the day',
      examples: [['22:00', '07:00']],
    }),
  'a start and an end such as ["22:00", "07:00"]',
)
export type QuietWindow = z.infer<typeof QuietWindow>

/** The quiet windows that start on one day. */
export const QuietWindows = z
  .array(QuietWindow)
  .max(WINDOWS_PER_DAY_MAX)
  .meta({
    id: 'QuietWindows',
    description: 'The quiet windows that start on one day. Windows that overlap or adjoin are one',
    examples: [[['22:00', '07:00']]],
  })
export type QuietWindows = z.infer<typeof QuietWindows>

/** Returns an object with a field for each day of the week. */
export const forEachDay = <Schema extends z.ZodType>(schema: Schema) =>
  z.strictObject({
    ...{ mon: schema, tue: schema, wed: schema, thu: schema },
    ...{ fri: schema, sat: schema, sun: schema },
  })

const QuietDays = forEachDay(QuietWindows.optional()).meta({
  id: 'QuietDays',
  description: 'The quiet windows of a week, by the day on which they start',
  examples: [{ mon: [['22:00', '07:00']], sat: [['00:00', '24:00']] }],
})

/** Quiet hours: a weekly schedule in local time. */
export const QuietHours = z
  .strictObject({
    timezone: TimeZone.optional().describe("The time zone of the windows. Defaults to the user's"),
    days: QuietDays.optional().describe('The windows by the day on which they start'),
  })
  .meta({
    id: 'QuietHours',
    description: 'A weekly schedule during which nothing but critical notifications is sent',
    examples: [{ timezone: 'Europe/Lisbon', days: { mon: [['22:00', '07:00']], sat: [['00:00', '24:00']] } }],
  })
export type QuietHours = z.infer<typeof QuietHours>
