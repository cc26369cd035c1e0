import { z } from 'zod'
import { Plan } from './plan.ts'
import { text } from './text.ts'
import { Priority, TypeKey } from './tokens.ts'

/** A notification type: what all notifications of one kind have in common. */
export const NotificationType = z.strictObject({
  name: text(128).min(1).optional().describe('Shown to people, for example in preferences'),
  category: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'a category is 1 to 64 letters, digits, _ . or -')
    .optional(),
  priority: Priority.optional(),
  plan: Plan.optional(),
})
export type NotificationType = z.infer<typeof NotificationType>
export const StoredType = NotificationType.extend({
  key: TypeKey,
  version: z.int().min(1).describe('Grows by one each time the type is replaced with something else'),
})
export type StoredType = z.infer<typeof StoredType>
