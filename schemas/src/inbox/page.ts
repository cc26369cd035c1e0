import { z } from 'zod'
import { Counts } from './counts.ts'
import { InboxItem } from './item.ts'
import { ITEM_EXAMPLE } from './item-example.ts'

export const INBOX_STATUSES = ['active', 'unread', 'unseen', 'read', 'archived', 'snoozed'] as const
export const InboxStatus = z.enum(INBOX_STATUSES).meta({
  id: 'InboxStatus',
  description:
    'Which items to list. `active`: neither archived nor snoozed; `unread`, `unseen` and `read` narrow it',
})
export type InboxStatus = z.infer<typeof InboxStatus>

/** A position in the live messages of a user. */
export const LivePosition = z
  .object({
    epoch: z.string().describe('The identifier of the sequence that `seq` counts in'),
    seq: z.int().min(0).describe('The number of the message'),
  })
  .meta({
    id: 'LivePosition',
    description:
      'A position among the live messages of a user: the next message has `seq + 1` in the same `epoch`',
    examples: [{ epoch: 'f3a05f5c', seq: 41 }],
  })
export type LivePosition = z.infer<typeof LivePosition>

/** A position in one of the streams of a token that is limited to several contexts. */
export const StreamPosition = LivePosition.extend({
  stream: z.string().optional().describe('The context of the stream'),
}).meta({
  id: 'StreamPosition',
  description: 'A position in the stream of a context',
  examples: [{ epoch: 'f3a05f5c', seq: 41, stream: 'org-7' }],
})
export type StreamPosition = z.infer<typeof StreamPosition>

export const InboxPage = z
  .object({
    items: z.array(InboxItem),
    counts: Counts,
    next: z
      .string()
      .nullable()
      .describe('The cursor of the next, older page, for `before`; null on the last page'),
    position: LivePosition.nullable().describe(
      'The position that this page includes; null while it is unknown, and for a token with several streams',
    ),
    positions: z
      .array(StreamPosition)
      .optional()
      .describe('The positions that this page includes, if the token is limited to several contexts'),
  })
  .meta({
    id: 'InboxPage',
    description: 'A page of an inbox, newest items first',
    examples: [
      {
        items: [ITEM_EXAMPLE],
        counts: { unread: 1, unseen: 1 },
        next: null,
        position: { epoch: 'f3a05f5c', seq: 41 },
      },
    ],
  })
export type InboxPage = z.infer<typeof InboxPage>
