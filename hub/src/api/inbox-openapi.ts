import {
  Category,
  ContextFilter as Context,
  type CountLabel,
  cleanText,
  type Display,
  GROUP_KEY_MAX,
  InboxCounts,
  InboxPage,
  InboxStatus,
  Tag,
  TypeKey,
} from '@carillon/schemas'
import { z } from 'zod'
import { defineRoute } from '../http/routes.ts'
import { cursor, limit } from './paging.ts'

export const ContextFilter = Context.optional().describe(
  "Only items of this context; the empty string stands for items without one. A context outside the token's contexts is refused",
)
/** An empty parameter selects the empty context. */
const ContextParameter = ContextFilter.meta({ allowEmptyValue: true })
/** A group key, cleaned as keys are when they are stored. */
const GroupParameter = z
  .string()
  .overwrite((key) => cleanText(key).trim())
  .min(1)
  .max(GROUP_KEY_MAX)
  .optional()
  .describe('Only the items of the groups with this key, listed individually')
/** Labels by which to count, such as `category,context`. */
const CountLabels = z
  .string()
  .regex(/^(?:category|tag|context)(?:,(?:category|tag|context)){0,2}$/)
  .transform((labels) => [...new Set(labels.split(','))] as CountLabel[])
  .meta({
    description: 'Labels by which to count in addition, separated by commas: `category`, `tag`, `context`',
    examples: ['category,context'],
  })
/** How apps show items, such as `banner,modal`. */
const Displays = z
  .string()
  .regex(/^(?:inline|banner|modal)(?:,(?:inline|banner|modal)){0,2}$/)
  .transform((names) => [...new Set(names.split(','))].sort() as Display[])
  .meta({
    description:
      'Only announcements with one of these `display` values, separated by commas: `inline`, `banner`, `modal`. Groups are not collapsed',
    examples: ['banner,modal'],
  })

export const getInbox = defineRoute({
  method: 'get',
  path: '/v1/inbox',
  operationId: 'getInbox',
  tag: 'Inbox',
  summary: 'Get a page of the inbox',
  description:
    'Returns the items of one status in order of arrival, newest first, the counts, and the position in the live messages. A group is listed as its newest item, whose `group` has the counts. A page may hold fewer items than its limit and still have a `next`, because one request reads a bounded number of items.',
  query: z.strictObject({
    status: InboxStatus.default('active'),
    category: Category.optional().describe('Only items of this category'),
    tag: Tag.optional().describe('Only items with this tag'),
    context: ContextParameter,
    group: GroupParameter,
    type: TypeKey.optional().describe(
      'With `group`: only items of this type. Together with `context`, this selects one group and is the fastest',
    ),
    display: Displays.optional(),
    flat: z.literal('true').optional().describe('`true`: every item is listed individually, without groups'),
    limit: limit(100, 20),
    before: cursor,
  }),
  answers: { 200: { description: 'A page of the inbox', schema: InboxPage } },
  problems: ['cursor_invalid', 'forbidden'],
})

export const getInboxCounts = defineRoute({
  method: 'get',
  path: '/v1/inbox/counts',
  operationId: 'getInboxCounts',
  tag: 'Inbox',
  summary: 'Count the unread and unseen items',
  description:
    'Returns the numbers of unread and unseen items, optionally of one category, tag or context. Exact up to 100. With `by`, it also returns the counts of every category, tag or context that an unread item has.',
  query: z.strictObject({
    category: Category.optional().describe('Only items of this category'),
    tag: Tag.optional().describe('Only items with this tag'),
    context: ContextParameter,
    by: CountLabels.optional(),
  }),
  answers: { 200: { description: 'The counts', schema: InboxCounts } },
  problems: ['forbidden'],
})
