import { z } from 'zod'
import { Template } from './templates.ts'

/** The longest window of a digest or throttle, in seconds: 31 days. */
export const WINDOW_MAX_SECONDS = 31 * 86_400
const KEY_TEMPLATE_MAX = 1_024

const Seconds = z.int().min(1).max(WINDOW_MAX_SECONDS)

const KeyTemplate = Template.max(KEY_TEMPLATE_MAX).describe(
  'A Liquid template over `data`, `user`, `context` and `tenant`. What renders to the same text belongs together',
)

const Calendar = z.enum(['hourly', 'daily', 'weekly']).meta({
  id: 'DigestCalendar',
  description: "Until the next full hour, or the user's hour (and day) of digests",
  examples: ['daily'],
})

/** How steps are collected into one message. */
export const DigestRule = z
  .strictObject({
    key: KeyTemplate.optional(),
    window: z
      .union([Seconds, Calendar])
      .describe(
        'How long it collects: seconds from the first message, or until the next full hour, or until the hour (and day) of digests that the user has chosen',
      ),
    sliding: z
      .boolean()
      .optional()
      .describe('Starts the window of seconds anew with each message, up to `most`'),
    most: Seconds.optional().describe(
      'The longest that a sliding window lasts in total, in seconds; if left out, 24 times `window`, at most 31 days',
    ),
    first: z
      .literal('now')
      .optional()
      .describe('Sends the first message at once, and collects those that follow within the window'),
  })
  .refine(({ sliding, window }) => !sliding || typeof window === 'number', {
    path: ['sliding'],
    message: 'only a window of seconds slides',
  })
  .refine(({ sliding, most }) => sliding || most === undefined, {
    path: ['most'],
    message: 'only a sliding window has a total',
  })
  .refine(({ window, most }) => most === undefined || typeof window !== 'number' || most >= window, {
    path: ['most'],
    message: 'the total is shorter than the window',
  })
  .meta({
    id: 'DigestRule',
    description: 'Collects messages of a step into one, per user, context, channel, type, step and key',
    examples: [{ key: '{{ data.post }}', window: 3600 }],
  })
export type DigestRule = z.infer<typeof DigestRule>

const Excess = z.enum(['skip', 'digest']).meta({
  id: 'ThrottleExcess',
  description:
    "What happens to more messages: they are skipped, or join the type's digest. `skip` if left out",
  examples: ['digest'],
})

/** How many messages of a type may leave. */
export const ThrottleRule = z
  .strictObject({
    limit: z.int().min(1).max(1_000).describe('How many messages may leave'),
    window: Seconds.optional().describe('Within any window of this many seconds'),
    until: z
      .string()
      .regex(/^data(\.[A-Za-z_][A-Za-z0-9_]{0,63}){1,8}$/, 'a path in `data`, such as `data.resetAt`')
      .optional()
      .describe('Until the date at this path of `data`'),
    key: KeyTemplate.optional(),
    // biome-ignore lint/suspicious/noThenProperty: a schema is never awaited
    then: Excess.optional(),
  })
  .refine(({ window, until }) => (window === undefined) !== (until === undefined), {
    path: ['window'],
    message: 'exactly one of `window` and `until` is needed',
  })
  .meta({
    id: 'ThrottleRule',
    description: 'Limits what leaves, per user, context, type, channel and key',
    examples: [{ limit: 3, window: 3600 }],
  })
export type ThrottleRule = z.infer<typeof ThrottleRule>
