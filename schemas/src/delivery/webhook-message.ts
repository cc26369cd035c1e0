import { z } from 'zod'
import { NotificationId, TypeKey, UserId } from '../fields/ids.ts'
import { Json } from '../fields/json.ts'
import { Priority } from '../fields/priority.ts'
import { Timestamp } from '../fields/timestamp.ts'
import { Action } from '../notification/action.ts'
import { Actor } from '../notification/actor.ts'

const DigestItem = z
  .object({
    id: z.string().describe('The id of its inbox item; without one, that of the notification'),
    type: TypeKey,
    category: z.string().optional().describe('Its category'),
    title: z.string().optional().describe('One line of text'),
    body: z.string().optional().describe('The text'),
    url: z.string().optional().describe('Where a click leads: an absolute URL'),
    image: z.string().optional().describe('The URL of a picture'),
    actor: Actor.optional(),
    data: z.record(z.string(), Json).optional().describe('The JSON object that the sender attached'),
    createdAt: Timestamp.describe('The instant of its creation'),
  })
  .meta({ id: 'DigestItem', description: 'A notification in a digest' })

const WebhookNotification = z
  .object({
    notification: NotificationId,
    user: UserId,
    type: TypeKey,
    priority: Priority,
    title: z.string().optional().describe('One line of text'),
    body: z.string().optional().describe('The text'),
    url: z.string().optional().describe('Where a click leads: an absolute URL'),
    image: z.string().optional().describe('The URL of a picture'),
    actions: z.array(Action).optional(),
    actor: Actor.optional(),
    category: z.string().optional().describe('Its category'),
    tags: z.array(z.string()).optional().describe('Its tags'),
    context: z.string().optional().describe('Its context'),
    data: z.record(z.string(), Json).optional().describe('The JSON object that the sender attached'),
    items: z
      .array(DigestItem)
      .optional()
      .describe(
        'Only for a digest: its notifications, newest first. The oldest are omitted beyond 90,000 characters',
      ),
    total: z.int().min(1).optional().describe('Only for a digest: the number of its notifications'),
  })
  .meta({ id: 'WebhookNotification', description: 'A notification for one user' })

/** The body that the channel `webhook` posts, signed according to Standard Webhooks 1.0. */
export const WebhookMessage = z
  .object({
    type: z.literal('notification').describe('The kind of message. Later versions add kinds'),
    timestamp: Timestamp.describe('When the notification was accepted'),
    data: WebhookNotification,
  })
  .meta({
    id: 'WebhookMessage',
    description: 'The body of a request to a webhook',
    examples: [
      {
        type: 'notification',
        timestamp: '2026-01-31T09:00:00.000Z',
        data: {
          notification: '0198f3a0-5f5c-7c1e-8a3b-0d5f6a7b8c9d',
          user: 'ada',
          type: 'comment.created',
          priority: 'normal',
          title: 'Grace commented on your post',
          url: 'https://app.example.com/posts/7',
          actor: { user: 'grace' },
          data: { post: 7 },
        },
      },
    ],
  })
