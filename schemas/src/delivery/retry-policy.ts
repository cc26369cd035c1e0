import { z } from 'zod'

/** The longest retry window, in seconds: 30 days. */
export const RETRY_WINDOW_MAX = 30 * 86_400
const retryDelay = z.int().min(1).max(86_400)

/** The retry policy of failed sends, in seconds. Omitted properties use the channel's defaults. */
export const RetryPolicy = z
  .strictObject({
    window: z
      .int()
      .min(0)
      .max(RETRY_WINDOW_MAX)
      .optional()
      .describe('Seconds from the first attempt to the last'),
    base: retryDelay
      .optional()
      .describe('Seconds between the first two attempts; later delays grow exponentially'),
    cap: retryDelay.optional().describe('The longest delay between two attempts, in seconds'),
    fallback: z
      .int()
      .min(0)
      .max(RETRY_WINDOW_MAX)
      .optional()
      .describe("Replaces a longer window while the plan's next step waits for this one to fail"),
    attempts: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe('The maximum number of attempts. Unlimited if omitted'),
  })
  .meta({
    id: 'RetryPolicy',
    description:
      "How long and how often failed sends are retried. Omitted properties use the channel's defaults",
    examples: [{ window: 3_600, base: 30, cap: 600 }],
  })
export type RetryPolicy = z.infer<typeof RetryPolicy>
