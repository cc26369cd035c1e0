import { z } from 'zod'

/** The numbers of unread and unseen items that are neither archived, snoozed, expired nor deleted. */
export const Counts = z
  .object({
    unread: z.int().min(0).describe('The number of unread items'),
    unseen: z.int().min(0).describe('The number of unseen items'),
    more: z.literal(true).optional().describe('Present if the real numbers are larger'),
  })
  .meta({
    id: 'Counts',
    description:
      'The counts of a bell. Archived, snoozed and expired items are not counted. Exact up to 100; a larger number is 100, with `more`',
    examples: [{ unread: 3, unseen: 1 }],
  })
export type Counts = z.infer<typeof Counts>
