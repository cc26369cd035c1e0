import type { z } from 'zod'
import type { NotificationTypeInput } from './notification-type.ts'

/**
 * Returns a notification type unchanged; TypeScript checks it. For types in code: `export default defineType({ … })` in a file of a
 * catalogue.
 */
export const defineType = <const Type extends z.input<typeof NotificationTypeInput>>(type: Type): Type => type
