import { z } from 'zod'
import { UserId } from '../fields/ids.ts'
import { text } from '../fields/text.ts'
import { Link } from '../fields/url.ts'

export const Actor = z
  .strictObject({
    user: UserId.optional().describe('The user who caused it. That user is never a recipient'),
    name: text(256).optional().describe('The name as people read it'),
    avatar: Link.optional(),
  })
  .meta({
    id: 'Actor',
    description: 'Who caused a notification',
    examples: [{ user: 'grace', name: 'Grace Hopper', avatar: 'https://example.com/grace.png' }],
  })
export type Actor = z.infer<typeof Actor>
