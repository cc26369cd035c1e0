import { z } from 'zod'
import { named } from './shapes.ts'

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
/** Ids that other systems give us: may hold the characters of e-mail addresses and `auth0|…` ids. */
export const FOREIGN_ID = /^[A-Za-z0-9][A-Za-z0-9._:@|+=~-]{0,127}$/

const foreignId = (what: string) =>
  z
    .string()
    .regex(
      FOREIGN_ID,
      `a ${what} is 1 to 128 characters, starts with a letter or digit and holds only letters, digits and ._:@|+=~-`,
    )

export const TenantId = z
  .string()
  .regex(TOKEN, 'a tenant is 1 to 64 letters, digits, _ or -')
  .describe('The customer of this installation; leads every key, room and query')
export type TenantId = z.infer<typeof TenantId>

export const UserId = named(foreignId('user id').describe("The sender's own id of a person"), 'a user id')
export const TopicKey = named(foreignId('topic key').describe('A named group of users'), 'a topic key')
export const NotificationId = named(
  foreignId('notification id').describe(
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
