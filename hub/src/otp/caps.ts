import { addressKey } from '@carillon/core/delivery/addresses'
import type { Limits } from '@carillon/core/limits/port'
import type { Seal } from '@carillon/core/security/seal'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { OtpSettings } from '@carillon/schemas'
import { RateLimitedError } from '../http/problems.ts'
import { rangeOf } from './destination.ts'

const HOUR_SECONDS = 3_600
const DAY_SECONDS = 86_400
/** Codes per user, and per address, in ten minutes. */
const PER_PERSON = { points: 5, seconds: 600 }
/** Codes per tenant and minute in all channels. Limits the damage of a stolen API key. */
const PER_TENANT = { points: 6_000, seconds: 60 }
const DEFAULTS = { perHour: 1_000, perDay: 5_000, perAddress: 20, perRange: 20 } as const

type Cap = { name: string; key: string; limit: { points: number; seconds: number }; whose: string }

/** The destination of a code. `phone` is set for text messages. */
export type Destination = { user: string; address?: string; phone?: string }

/**
 * Returns the caps of a code, narrowest first, so that an exhausted user or range does not consume the tenant's cap. Keys
 * contain digests instead of addresses.
 */
const capsFor = (
  tenant: string,
  { user, address, phone }: Destination,
  settings: OtpSettings,
  seal: Seal,
): Cap[] => {
  const { perHour, perDay, perAddress, perRange } = { ...DEFAULTS, ...settings }
  const key = (...parts: string[]) => [tenant, 'otp', ...parts].join(':')
  const digest = (text: string) => seal.digest(text, `otp:${tenant}`)
  const day = { points: perAddress, seconds: DAY_SECONDS }
  const people = [
    { name: 'otp_user', id: user, whose: 'this user' },
    ...(address === undefined
      ? []
      : [{ name: 'otp_address', id: digest(addressKey(address)), whose: 'this address' }]),
  ]
  const messages =
    phone === undefined
      ? []
      : [
          {
            name: 'otp_range',
            key: key('range', digest(rangeOf(phone))),
            limit: { points: perRange, seconds: HOUR_SECONDS },
            whose: 'numbers that differ in their last four digits (otp.perRange)',
          },
          {
            name: 'otp_hour',
            key: key('hour'),
            limit: { points: perHour, seconds: HOUR_SECONDS },
            whose: 'text messages of this tenant (otp.perHour)',
          },
          {
            name: 'otp_day',
            key: key('day'),
            limit: { points: perDay, seconds: DAY_SECONDS },
            whose: 'text messages of this tenant (otp.perDay)',
          },
        ]
  return [
    ...people.map(({ name, id, whose }) => ({ name, key: key(name, id), limit: PER_PERSON, whose })),
    ...people.map(({ name, id, whose }) => ({
      name: `${name}_day`,
      key: key(name, id),
      limit: day,
      whose: `${whose} (otp.perAddress)`,
    })),
    ...messages,
    { name: 'otp_tenant', key: key('tenant'), limit: PER_TENANT, whose: 'this tenant' },
  ]
}

const spoken = (seconds: number) =>
  seconds === DAY_SECONDS ? 'a day' : seconds === HOUR_SECONDS ? 'an hour' : `in ${seconds} s`

/**
 * Counts a code against every cap. Counters are shared by all hubs in Redis, or kept in the process; a restart of either
 * resets them. Throws `rate_limited`.
 */
export const createOtpCaps =
  ({
    limits,
    seal,
    metrics,
  }: {
    limits: Pick<Limits, 'allow'>
    seal: Seal
    metrics: Pick<Metrics, 'rateLimited'>
  }) =>
  async (tenant: string, destination: Destination, settings: OtpSettings): Promise<void> => {
    for (const { name, key, limit, whose } of capsFor(tenant, destination, settings, seal)) {
      const afterMs = await limits.allow(key, limit)
      if (afterMs === 0) continue
      metrics.rateLimited.inc({ limit: name })
      throw new RateLimitedError(
        `${limit.points} codes ${spoken(limit.seconds)} is the limit for ${whose}`,
        afterMs,
      )
    }
  }
