import type { Channel, Priority } from '@carillon/schemas'

/**
 * How long and how often a failed send is retried. All times in ms.
 *
 * - `windowMs`: from the first attempt to the last.
 * - `baseMs`, `capMs`: the first and the longest delay between two attempts.
 * - `fallbackMs`: replaces a longer window while the plan's next step waits for this one to fail.
 * - `attempts`: the maximum number of attempts; unlimited if absent.
 */
export type RetryPolicy = {
  windowMs: number
  baseMs: number
  capMs: number
  fallbackMs: number
  attempts?: number
}

/** The settings of an operator or an account; the rest is the channel's default. */
export type RetrySettings = Partial<RetryPolicy>

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const PHONE: RetryPolicy = {
  windowMs: 24 * HOUR,
  baseMs: 5 * SECOND,
  capMs: 10 * MINUTE,
  fallbackMs: MINUTE,
}
const PUSH: RetryPolicy = {
  windowMs: 24 * HOUR,
  baseMs: 5 * SECOND,
  capMs: 15 * MINUTE,
  fallbackMs: MINUTE,
}
const CHAT: RetryPolicy = { ...PUSH, capMs: 30 * MINUTE }
/** Mail servers retry for days (RFC 5321, section 4.5.4.1). */
const EMAIL: RetryPolicy = {
  windowMs: 48 * HOUR,
  baseMs: 10 * SECOND,
  capMs: 30 * MINUTE,
  fallbackMs: MINUTE,
}
/** Standard Webhooks recommends retries over several days. */
const WEBHOOK: RetryPolicy = {
  windowMs: 72 * HOUR,
  baseMs: 5 * SECOND,
  capMs: 8 * HOUR,
  fallbackMs: MINUTE,
}

export const DEFAULT_RETRIES: Readonly<Record<Channel, RetryPolicy>> = {
  push: PUSH,
  email: EMAIL,
  sms: PHONE,
  mms: PHONE,
  whatsapp: PHONE,
  webhook: WEBHOOK,
  slack: CHAT,
  teams: CHAT,
  discord: CHAT,
  telegram: CHAT,
}

/** A critical message is retried sooner than others, within the same window. */
const CRITICAL = { baseMs: SECOND, capMs: 2 * MINUTE, growth: 0.5 }
/** Each delay is this share of the time since the first attempt: with 2, the time triples between attempts. */
const GROWTH = 2
/** The longest time that a provider can make a message wait, whatever its `Retry-After` says. */
const ASKED_CAP_MS = { critical: 5 * SECOND, others: 10 * MINUTE }
/** The last attempt before a deadline is made this long before it. */
const LAST_MARGIN_MS = SECOND

/** Returns a channel's retry policy. Account settings override operator settings, which override the defaults. */
export const retryPolicy = (
  channel: Channel,
  ...settings: readonly (RetrySettings | undefined)[]
): RetryPolicy => Object.assign({}, DEFAULT_RETRIES[channel], ...settings)

/** One message between two attempts. Times in epoch ms. */
export type RetryState = {
  priority: Priority
  /** The time of the first attempt. */
  since: number
  /** Attempts made so far. */
  attempts: number
  /** When the message expires. */
  expiresAt: number
  /** Whether the plan's next step waits for this one to fail. */
  fallback: boolean
  /** How long the provider asked to wait, ms. */
  askedMs?: number
}

/**
 * Returns the time of the next attempt, epoch ms; undefined to give up. The delay grows with the time since
 * the first attempt, so that pauses in which nothing was sent count as well. It is shortened at random by up
 * to half, so that messages that failed together are not retried together. The last attempt is made just
 * before the window or the message ends. Pure.
 */
export const nextRetry = (
  policy: RetryPolicy,
  { priority, since, attempts, expiresAt, fallback, askedMs = 0 }: RetryState,
  now: number,
  random: () => number = Math.random,
): number | undefined => {
  if (policy.attempts !== undefined && attempts >= policy.attempts) return undefined
  const critical = priority === 'critical'
  const baseMs = critical ? Math.min(policy.baseMs, CRITICAL.baseMs) : policy.baseMs
  const capMs = critical ? Math.min(policy.capMs, CRITICAL.capMs) : policy.capMs
  const growth = critical ? CRITICAL.growth : GROWTH
  const grown = Math.min(Math.max(baseMs, (now - since) * growth), Math.max(baseMs, capMs))
  const delay = grown * (0.5 + random() / 2)
  const asked = Math.min(askedMs, critical ? ASKED_CAP_MS.critical : ASKED_CAP_MS.others)

  const windowMs = fallback ? Math.min(policy.windowMs, policy.fallbackMs) : policy.windowMs
  const last = Math.min(since + windowMs, expiresAt - LAST_MARGIN_MS)
  if (now + Math.min(baseMs / 2, LAST_MARGIN_MS) > last) return undefined
  return Math.min(now + Math.max(delay, asked), last)
}
