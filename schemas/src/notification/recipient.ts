import { z } from 'zod'
import { TopicKey, UserId } from '../fields/ids.ts'
import { UserProfile } from '../user/profile.ts'

export const UserRecipient = z.strictObject({ user: UserId, ...UserProfile.shape }).meta({
  id: 'UserRecipient',
  description:
    'A user, with attributes to remember. An attribute that is not valid is ignored, and listed in the `warnings` of the response',
  examples: [{ user: 'ada', email: 'ada@example.com' }],
})
const TopicRecipient = z.strictObject({ topic: TopicKey }).meta({
  id: 'TopicRecipient',
  description: 'The members of a topic',
  examples: [{ topic: 'post-7' }],
})
const EveryoneRecipient = z.strictObject({ everyone: z.literal(true).describe('Always true') }).meta({
  id: 'EveryoneRecipient',
  description: 'Every user of the tenant',
  examples: [{ everyone: true }],
})
export const Recipient = z.union([UserId, UserRecipient, TopicRecipient, EveryoneRecipient]).meta({
  id: 'Recipient',
  description: 'A user id, a user with attributes to remember, a topic, or everyone',
  examples: ['ada', { user: 'ada', email: 'ada@example.com' }, { topic: 'post-7' }, { everyone: true }],
})
export type Recipient = z.infer<typeof Recipient>
