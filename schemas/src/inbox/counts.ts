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

/** The labels by which items can be counted. */
export const COUNT_LABELS = ['category', 'tag', 'context'] as const
export type CountLabel = (typeof COUNT_LABELS)[number]

const byValue = z.record(z.string(), Counts).optional()

const CountsByLabel = z
  .object({
    category: byValue.describe('By category. Items without one are not included'),
    tag: byValue.describe('By tag. An item counts for each of its tags'),
    context: byValue.describe('By context; the empty string stands for items without one'),
  })
  .meta({
    id: 'CountsByLabel',
    description: 'The counts of each value that an unread item has, for the requested labels',
    examples: [{ category: { comments: { unread: 2, unseen: 1 } } }],
  })

/** The counts of an inbox, in all and by label. */
export const InboxCounts = Counts.extend({ by: CountsByLabel.optional() }).meta({
  id: 'InboxCounts',
  description: 'The counts of an inbox, in all and by the requested labels',
  examples: [{ unread: 3, unseen: 1, by: { category: { comments: { unread: 2, unseen: 1 } } } }],
})
export type InboxCounts = z.infer<typeof InboxCounts>
