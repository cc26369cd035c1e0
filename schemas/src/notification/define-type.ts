import type { z } from 'zod'
import type { NotificationTypeInput } from './notification-type.ts'

/**
 * Returns a notification type unchanged, for TypeScript to check. A file of a catalogue exports it:
 * `export default defineType({ … })`.
 */
export const defineType = <const Type extends z.input<typeof NotificationTypeInput>>(type: Type): Type => type
