import { z } from 'zod'
import { JsonObject } from '../fields/json.ts'
import { TimeZone } from '../fields/locale.ts'
import { Timestamp } from '../fields/timestamp.ts'
import { TOKENS } from '../fields/token.ts'
import { NOT_ALLOWED } from '../validation/not-allowed.ts'
import { Notification } from './notification.ts'

/** Maximum length of a cron expression. */
const CRON_MAX = 128

/** The id of a schedule, chosen by the backend. */
export const ScheduleId = z
  .string()
  .regex(TOKENS, 'an id is 1 to 8 dot-separated tokens of 1 to 64 letters, digits, _ or -')
  .meta({ description: 'The id of a schedule', examples: ['weekly-report'] })

/** A cron expression. Whether its fields are valid, and whether it ever fires, is checked where it is written. */
export const Cron = z
  .string()
  .max(CRON_MAX)
  .regex(
    /^[^\s]+(?: [^\s]+){4}$/,
    'must be a cron expression of five fields, separated by single spaces: minute, hour, day of the month, month, day of the week',
  )
  .meta({
    description:
      'A cron expression of five fields: minute, hour, day of the month, month, day of the week. `L` is the last day of the month, and a day that a month lacks is skipped. If both days are given, either suffices',
    examples: ['0 9 * * mon'],
  })

const OMITTED = {
  id: true,
  sender: true,
  deliverAt: true,
  late: true,
  expiresAt: true,
  dryRun: true,
} as const

/** The notification that each run of a schedule sends. The schedule decides its id and its times. */
export const ScheduledNotification = z
  .strictObject(Notification.omit(OMITTED).shape)
  .meta({
    id: 'ScheduledNotification',
    description:
      'The notification that each run of a schedule sends. Each run has its own id, and the schedule decides its delivery time',
    examples: [{ to: { topic: 'team-7' }, type: 'report.weekly', title: 'Your weekly report is ready' }],
  })
  .register(NOT_ALLOWED, { keys: Object.keys(OMITTED), message: 'not allowed in a schedule' })
export type ScheduledNotification = z.infer<typeof ScheduledNotification>

/** What happens to runs that were missed while Carillon was down. */
export const Missed = z.enum(['once', 'skip']).meta({
  id: 'Missed',
  description: `What happens to runs that are more than a minute late, because Carillon was down.

- \`once\`: only the latest of them runs.
- \`skip\`: none of them runs.`,
})
export type Missed = z.infer<typeof Missed>

const shape = {
  cron: Cron,
  timezone: TimeZone.optional().describe('The time zone of `cron`. Defaults to UTC'),
  local: z
    .literal(true)
    .optional()
    .describe("Runs in each recipient's own time zone. Cannot be combined with `timezone`"),
  notification: ScheduledNotification,
  paused: z
    .boolean()
    .optional()
    .describe('Whether the schedule is paused. Runs during the pause are not made up for'),
  from: Timestamp.optional().describe('The earliest instant at which it runs'),
  until: Timestamp.optional().describe('The latest instant at which it runs'),
  missed: Missed.optional().describe('What happens to missed runs. Defaults to `once`'),
}

const EXAMPLE = {
  cron: '0 9 * * mon',
  timezone: 'Europe/Lisbon',
  notification: { to: { topic: 'team-7' }, type: 'report.weekly', title: 'Your weekly report is ready' },
}

/** A schedule in requests. */
export const ScheduleInput = z
  .strictObject(shape)
  .check(({ value, issues }) => {
    const { timezone, local, from, until } = value
    const refuse = (path: string, message: string) =>
      issues.push({ code: 'custom', input: value, path: [path], message })
    if (timezone !== undefined && local !== undefined) refuse('local', 'must not be combined with timezone')
    if (from !== undefined && until !== undefined && Date.parse(from) > Date.parse(until))
      refuse('until', 'must not be before from')
  })
  .meta({
    id: 'ScheduleInput',
    description: 'A recurring notification, and when it is sent',
    examples: [EXAMPLE],
  })
export type ScheduleInput = z.infer<typeof ScheduleInput>

/** A schedule in responses. Its notification is any object, because transforms have no JSON Schema of their output. */
export const Schedule = z
  .object({
    id: ScheduleId,
    ...shape,
    notification: JsonObject.describe('The notification that each run sends, as in `ScheduleInput`'),
  })
  .meta({
    id: 'Schedule',
    description: 'A recurring notification, and when it is sent',
    examples: [{ id: 'weekly-report', ...EXAMPLE }],
  })
export type Schedule = z.infer<typeof Schedule>

/** A change of a schedule: a JSON merge patch (RFC 7396). Its result is checked as a whole. */
export const SchedulePatch = z
  .strictObject({
    cron: Cron.optional(),
    timezone: TimeZone.nullable().optional().describe('The time zone of `cron`'),
    local: z.literal(true).nullable().optional().describe("Runs in each recipient's own time zone"),
    notification: JsonObject.optional().describe('The changes to the notification'),
    paused: z.boolean().nullable().optional().describe('Whether the schedule is paused'),
    from: Timestamp.nullable().optional().describe('The earliest instant at which it runs'),
    until: Timestamp.nullable().optional().describe('The latest instant at which it runs'),
    missed: Missed.nullable().optional().describe('What happens to missed runs'),
  })
  .meta({
    id: 'SchedulePatch',
    description: 'The changes to a schedule, a JSON merge patch (RFC 7396): `null` removes a value',
    examples: [{ paused: true }],
  })
