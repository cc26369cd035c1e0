import { z } from 'zod'
import { Template } from './templates.ts'

/** The longest window of a digest or throttle, in seconds: 31 days. */
export const WINDOW_MAX_SECONDS = 31 * 86_400
const KEY_TEMPLATE_MAX = 1_024

const Seconds = z.int().min(1).max(WINDOW_MAX_SECONDS)

const KeyTemplate = Template.max(KEY_TEMPLATE_MAX).describe(
  'A Liquid template over `data`, `user`, `context` and `tenant`. Messages with the same rendered key belong together',
)

const Calendar = z.enum(['hourly', 'daily', 'weekly']).meta({
  id: 'DigestCalendar',
  description: "Until the next full hour, or until the user's digest time",
  examples: ['daily'],
})

/** How steps are collected into one message. */
export const DigestRule = z
  .strictObject({
    key: KeyTemplate.optional(),
    window: z
      .union([Seconds, Calendar])
      .describe(
        "The length of the window: seconds from the first message, until the next full hour, or until the user's digest time",
      ),
    sliding: z
      .boolean()
      .optional()
      .describe('Restarts the window with each message, up to `most` seconds in total'),
    most: Seconds.optional().describe(
      'The maximum length of a sliding window, in seconds. Defaults to 24 times `window`, at most 31 days',
    ),
    first: z
      .literal('now')
      .optional()
      .describe('Sends the first message at once, and collects those that follow within the window'),
  })
  .refine(({ sliding, window }) => !sliding || typeof window === 'number', {
    path: ['sliding'],
    message: 'needs a window in seconds',
  })
  .refine(({ sliding, most }) => sliding || most === undefined, {
    path: ['most'],
    message: 'needs `sliding: true`',
  })
  .refine(({ window, most }) => most === undefined || typeof window !== 'number' || most >= window, {
    path: ['most'],
    message: 'must not be shorter than the window',
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
    "What happens to messages beyond the limit: they are skipped, or join the type's digest. Defaults to `skip`",
  examples: ['digest'],
})

/** A throttle: the maximum number of messages of a type. */
export const ThrottleRule = z
  .strictObject({
    limit: z.int().min(1).max(1_000).describe('The maximum number of messages'),
    window: Seconds.optional().describe(
      'The length of the window, in seconds. Each message counts for that long',
    ),
    until: z
      .string()
      .regex(/^data(\.[A-Za-z_][A-Za-z0-9_]{0,63}){1,8}$/, 'a path in `data`, such as `data.resetAt`')
      .optional()
      .describe('The path of a date in `data`. Each message counts until that date'),
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
    description: 'Limits messages per user, context, type, channel and key',
    examples: [{ limit: 3, window: 3600 }],
  })
export type ThrottleRule = z.infer<typeof ThrottleRule>
