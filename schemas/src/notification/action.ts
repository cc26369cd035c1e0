import { z } from 'zod'
import { nonEmptyText } from '../fields/text.ts'
import { Link } from '../fields/url.ts'

export const ActionName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'an action name is 1 to 64 letters, digits, _ or -')
  .meta({ description: 'The name of an action', examples: ['reply'] })

export const Action = z
  .strictObject({
    name: ActionName,
    label: nonEmptyText(128).describe('The text of its button'),
    url: Link.optional(),
    primary: z.boolean().optional().describe('Whether it is the main action'),
  })
  .meta({
    id: 'Action',
    description: 'An action that an item offers',
    examples: [{ name: 'reply', label: 'Reply', url: '/posts/7#reply', primary: true }],
  })
export type Action = z.infer<typeof Action>
