import { z } from 'zod'
import { named } from './shapes.ts'
import { cleanText } from './text.ts'

/** Delivery priorities, most urgent first. The order is the order in which a dispatcher prefers them. */
export const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const
export const Priority = z
  .enum(PRIORITIES)
  .describe('How urgent it is; decides who goes first, never who gets it')
export type Priority = z.infer<typeof Priority>

/** One token of a NATS subject: nothing that NATS or a log could take for syntax. */
export const TOKEN = /^[A-Za-z0-9_-]{1,64}$/
/** Several tokens joined by dots, as in `comment.created`. */
export const TOKENS = /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,7}$/
/** The longest id of another system, in bytes of UTF-8. */
const FOREIGN_ID_MAX = 128
/** What most ids are. */
const PLAIN_ID = /^[\x21-\x7e]{3,128}$/
const utf8 = new TextEncoder()

/** Why a text is no id of another system; undefined if it is one. */
const foreignIdFault = (id: string): string | undefined => {
  if (PLAIN_ID.test(id)) return undefined
  if (id === '') return 'must not be empty'
  if (id.length > FOREIGN_ID_MAX || utf8.encode(id).length > FOREIGN_ID_MAX)
    return `must have at most ${FOREIGN_ID_MAX} bytes`
  if (id.trim() !== id) return 'must not begin or end with a blank'
  if (cleanText(id) !== id || /[\t\n\r\u2028\u2029]/.test(id))
    return 'must not hold control characters or invisible ones'
  // Clients take these out of a path, whether escaped or not.
  return id === '.' || id === '..' ? 'must not be . or ..' : undefined
}

/**
 * Ids that other systems made: any printable text of up to 128 bytes, such as `auth0|7`, `gid://shop/Customer/7` or
 * `josé`. Two ids are the same if their bytes are. So an id is escaped in a URL, and hashed in a subject or key.
 */
const foreignId = () =>
  z
    .string()
    .check((payload) => {
      const fault = foreignIdFault(payload.value)
      if (fault !== undefined) payload.issues.push({ code: 'custom', input: payload.value, message: fault })
    })
    .meta({ minLength: 1, maxLength: FOREIGN_ID_MAX })

export const TenantId = z
  .string()
  .regex(TOKEN, 'a tenant is 1 to 64 letters, digits, _ or -')
  .describe('The customer of this installation; leads every key, room and query')
export type TenantId = z.infer<typeof TenantId>

export const UserId = named(foreignId().describe("The sender's own id of a person"), 'a user id')
export const TopicKey = named(foreignId().describe('A named group of users'), 'a topic key')
export const NotificationId = named(
  foreignId().describe(
    'Idempotency key of the notification: the same id is stored once per user, however often it is sent',
  ),
  'a notification id',
)
export const TypeKey = z
  .string()
  .regex(TOKENS, 'a type is 1 to 8 dot-separated tokens of letters, digits, _ or -')
  .describe('What kind of notification it is, for example comment.created')
/** Item ids are UUIDs of version 7 whose time is the moment the notification was accepted. */
export const ItemId = z.uuid().describe('An inbox item')

/** The first instant whose year in UTC has four digits, as RFC 3339 requires. */
const YEAR_0_MS = Date.parse('0000-01-01T00:00:00Z')

export const Timestamp = z.iso
  .datetime({ offset: true })
  .max(64)
  .refine((text) => Date.parse(text) >= YEAR_0_MS, 'the year must not lie before 0000 in UTC')
  .describe('RFC 3339, for example 2026-01-31T09:00:00Z')

/** How far ahead `deliverAt`, `expiresAt` and `snoozedUntil` may lie. Checked against the clock, after parsing. */
export const HORIZON_DAYS = 366
