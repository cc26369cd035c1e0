import { z } from 'zod'

/** A rate limit: `perSecond` on average, at most `burst` at once. */
export const Rate = z
  .strictObject({
    perSecond: z.number().positive().max(100_000).describe('The average rate'),
    burst: z.int().min(1).max(100_000).default(1).describe('The most at once'),
  })
  .meta({
    id: 'Rate',
    description: 'A rate limit: `perSecond` on average, at most `burst` at once',
    examples: [{ perSecond: 10, burst: 20 }],
  })
export type Rate = z.infer<typeof Rate>
