import { z } from 'zod'
import { named } from '../validation/names.ts'
import { cleanText } from './text.ts'
import { TOKEN, TOKENS } from './token.ts'

/** The longest id of another system, in bytes of UTF-8. */
const FOREIGN_ID_MAX = 128
/** Blanks, which an id may contain but not start or end with. */
const BLANKS = ' \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000'
/** Line breaks, control and invisible characters. Tag characters are allowed, because flag emoji contain them. */
const UNPRINTABLE =
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u200b\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb'
/** The rules of `foreignIdFault`, as far as a regular expression without lookaround can express them. */
const FOREIGN_ID_PATTERN = `^[^${BLANKS}${UNPRINTABLE}](?:[^${UNPRINTABLE}]*[^${BLANKS}${UNPRINTABLE}])?$`
/** The fast path: printable ASCII without blanks. */
const PLAIN_ID = /^[\x21-\x7e]{3,128}$/
const utf8 = new TextEncoder()

/** Returns why a text is not a valid id of another system; undefined if it is valid. */
const foreignIdFault = (id: string): string | undefined => {
  if (PLAIN_ID.test(id)) return undefined
  if (id === '') return 'must not be empty'
  if (id.length > FOREIGN_ID_MAX || utf8.encode(id).length > FOREIGN_ID_MAX)
    return `must have at most ${FOREIGN_ID_MAX} bytes`
  if (id.trim() !== id) return 'must not begin or end with a blank'
  if (cleanText(id) !== id || /[\t\n\r\u2028\u2029]/.test(id))
    return 'must not contain control or invisible characters'
  // HTTP clients remove these path segments, escaped or not.
  return id === '.' || id === '..' ? 'must not be . or ..' : undefined
}

/**
 * An id of another system: any printable text of up to 128 bytes, such as `auth0|7`, `gid://shop/Customer/7` or `josé`.
 * Ids are compared by bytes. An id is escaped in a URL, and hashed in a subject or key.
 */
const foreignId = () =>
  z
    .string()
    .check((payload) => {
      const fault = foreignIdFault(payload.value)
      if (fault !== undefined) payload.issues.push({ code: 'custom', input: payload.value, message: fault })
    })
    .meta({
      minLength: 1,
      maxLength: FOREIGN_ID_MAX,
      pattern: FOREIGN_ID_PATTERN,
      not: { enum: ['.', '..'] },
    })

export const TenantId = z
  .string()
  .regex(TOKEN, 'a tenant is 1 to 64 letters, digits, _ or -')
  .meta({ description: 'A customer of this installation', examples: ['acme'] })
export type TenantId = z.infer<typeof TenantId>

export const UserId = named(
  foreignId().meta({
    description: "The sender's own id of a person: up to 128 bytes of printable UTF-8",
    examples: ['ada'],
  }),
  'a user id',
)
export const TopicKey = named(
  foreignId().meta({
    description: 'The key of a topic, a named group of users: up to 128 bytes of printable UTF-8',
    examples: ['post-7'],
  }),
  'a topic key',
)
export const ContextKey = named(
  foreignId().meta({
    description:
      "The sender's own id of a context, such as a workspace, account or project of its customers: up to 128 bytes of printable UTF-8. A context need not exist",
    examples: ['org-7'],
  }),
  'a context',
)
export const EntityKey = named(
  foreignId().meta({
    description:
      "The sender's own id of an object, such as an order or an upload: up to 128 bytes of printable UTF-8",
    examples: ['order-7'],
  }),
  'an entity',
)
/** A context to filter by; '' stands for items without one. */
export const ContextFilter = z.union([z.literal(''), ContextKey])

/** Maximum contexts of a limited user token. */
export const TOKEN_CONTEXTS_MAX = 16
/** The contexts that a user token is limited to. */
export const TokenContexts = z.array(ContextFilter).min(1).max(TOKEN_CONTEXTS_MAX)
export const NotificationId = named(
  foreignId().meta({
    description:
      'The id of a notification: up to 128 bytes of printable UTF-8. A notification is stored once per user, however often its id is sent; the same id with other content is refused as `id_reused`',
    examples: ['0198f3a0-5f5c-7c1e-8a3b-0d5f6a7b8c9d'],
  }),
  'a notification id',
)
export const TypeKey = z
  .string()
  .regex(TOKENS, 'a type is 1 to 8 dot-separated tokens of 1 to 64 letters, digits, _ or -')
  .meta({ description: 'The key of a notification type', examples: ['comment.created'] })
export const Category = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'a category is 1 to 64 letters, digits, _ . or -')
  .meta({ description: 'A category, by which users filter their inbox', examples: ['comments'] })
/** An item id is a UUIDv7 with the time at which the notification was accepted. */
export const ItemId = z.uuid().meta({
  description: 'The id of an inbox item, a UUIDv7',
  examples: ['0198f3a0-5f5d-7b2a-9c4d-1e2f3a4b5c6d'],
})
