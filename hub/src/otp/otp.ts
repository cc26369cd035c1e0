import { randomInt, timingSafeEqual } from 'node:crypto'
import type { SettingsCache } from '@carillon/core/cache/tenants-and-types'
import { secretContext, stepMessage } from '@carillon/core/delivery/step'
import { ProblemError } from '@carillon/core/errors'
import { readJson } from '@carillon/core/json/json'
import type { Limits } from '@carillon/core/limits/port'
import { uuid7Time } from '@carillon/core/notification/ids'
import type { Seal } from '@carillon/core/security/seal'
import { isErased, isVoid } from '@carillon/core/store/erasure'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { channelOfDevice, type UserProfile } from '@carillon/schemas'
import { uuidv7 } from 'uuidv7'
import { z } from 'zod'
import { createOtpCaps } from './caps.ts'
import { destinationRefusal } from './destination.ts'

/** Ways a one-time password may go. */
export const OTP_CHANNELS = ['sms', 'email', 'whatsapp', 'push'] as const
type OtpChannel = (typeof OTP_CHANNELS)[number]

/** How often a code may be tried. */
const ATTEMPTS = 5
/** Channels that go to a phone number, for money. */
const BY_PHONE: readonly string[] = ['sms', 'whatsapp']

type OtpWish = {
  user: string
  /** Addresses to remember of the user. */
  inline: Pick<UserProfile, 'phone' | 'email'>
  channel: OtpChannel
  length: number
  ttlSeconds: number
  type: string
  name?: string
}

/** What is kept of a code: enough to recognise it, not to tell it. `expires` in epoch ms. */
const Kept = z.object({ hash: z.string(), user: z.string(), expires: z.number() })

const newCode = (length: number) => Array.from({ length }, () => randomInt(10)).join('')

/**
 * One-time passwords. A code is nowhere in the clear but in the message that carries it: the event log has it sealed,
 * the store a keyed hash. It is good once, for minutes, and for five tries however many arrive at the same moment.
 */
export const createOtp = ({
  store,
  stream,
  cache,
  limits,
  seal,
  metrics,
  now = Date.now,
}: {
  store: Pick<Store, 'users' | 'devices' | 'suppressions' | 'expiringKeys'>
  stream: Pick<Stream, 'publish'>
  cache: Pick<SettingsCache, 'tenant'>
  limits: Pick<Limits, 'allow'>
  seal: Seal
  metrics: Pick<Metrics, 'rateLimited' | 'otp'>
  now?: () => number
}) => {
  const count = createOtpCaps({ limits, seal, metrics })

  /** Throws `no_address`. Of the devices there need only be one. */
  const addressOf = async (
    tenant: string,
    { user, inline, channel }: OtpWish,
  ): Promise<string | undefined> => {
    if (channel === 'push') {
      const devices = (await store.devices.of(tenant, [user])).get(user) ?? []
      if (devices.some(({ device }) => channelOfDevice(device.kind) === 'push')) return
      throw new ProblemError('no_address', 'the user has no device that takes push messages')
    }
    const [known] = await store.users.get(tenant, [user])
    const kind = channel === 'email' ? 'email' : 'phone'
    const address = inline[kind] ?? known?.profile[kind]
    if (address === undefined) throw new ProblemError('no_address', `the user has no ${kind}`)
    const [suppressed] = await store.suppressions.find(tenant, [{ channel, address }])
    if (suppressed)
      throw new ProblemError('suppressed', `the ${kind} is not written to any more: ${suppressed.reason}`)
    return address
  }

  /** Throws `country_not_allowed` and `rate_limited`. */
  const allow = async (tenant: string, { user, channel }: OtpWish, address: string | undefined) => {
    const { otp = {} } = (await cache.tenant(tenant))?.settings ?? {}
    const phone = BY_PHONE.includes(channel) ? address : undefined
    const refusal = phone === undefined ? undefined : destinationRefusal(phone, otp)
    if (refusal !== undefined)
      throw new ProblemError(
        'country_not_allowed',
        `no code is sent to this number, for ${refusal}; the tenant's settings otp.countries and otp.prefixes decide`,
      )
    await count(tenant, { user, address, phone }, otp)
  }

  /** Counts what becomes of the requests for codes. */
  const counted = async <Result>(channel: OtpChannel, work: () => Promise<Result>): Promise<Result> => {
    try {
      const result = await work()
      metrics.otp.inc({ channel, outcome: 'sent' })
      return result
    } catch (error) {
      if (error instanceof ProblemError) metrics.otp.inc({ channel, outcome: error.problem.code })
      throw error
    }
  }

  /** Whether this is the one request that gets it. */
  const take = async (tenant: string, key: string, request: string, expires: number): Promise<boolean> => {
    // They outlive the code, so that no clock gives a try back.
    const ttlMs = expires - now() + 60_000
    const [holder = request] = await store.expiringKeys.acquire(
      tenant,
      [{ key, value: request, at: expires }],
      ttlMs,
    )
    return holder === request
  }

  /** The number of the attempt, from 1; undefined when all are used. Of any number at once, each gets its own. */
  const takeAttempt = async (
    tenant: string,
    id: string,
    request: string,
    expires: number,
  ): Promise<number | undefined> => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++)
      if (await take(tenant, `otp-try:${id}:${attempt}`, request, expires)) return attempt
    return undefined
  }

  const erasureOf = async (tenant: string, user: string) =>
    (await store.users.erased(tenant, [user])).get(user)

  return {
    /**
     * Makes a code and hands it to the event log. Throws `erased`, `no_address`, `suppressed`,
     * `country_not_allowed` and `rate_limited`, having changed nothing then, and what the log and the store throw.
     */
    create: (tenant: string, wish: OtpWish): Promise<{ id: string; expiresAt: number }> =>
      counted(wish.channel, async () => {
        const { user, inline, channel, type, name } = wish
        if (isErased(await erasureOf(tenant, user)))
          throw new ProblemError('erased', 'put the user again first, with PUT /v1/users/{id}')
        const address = await addressOf(tenant, wish)
        await allow(tenant, wish, address)
        if (Object.values(inline).some((value) => value !== undefined))
          await store.users.merge(tenant, [{ id: user, profile: inline }])

        const id = uuidv7()
        const code = newCode(wish.length)
        const at = now()
        const expiresAt = at + wish.ttlSeconds * 1_000
        const kept = {
          hash: seal.digest(code, secretContext({ tenant, notification: id })),
          user,
          expires: expiresAt,
        }
        await store.expiringKeys.put(
          tenant,
          [{ key: `otp:${id}`, value: JSON.stringify(kept satisfies z.infer<typeof Kept>) }],
          expiresAt - at,
        )
        await stream.publish([
          stepMessage({
            tenant,
            user,
            notification: id,
            secret: seal.seal(code, secretContext({ tenant, notification: id })),
            ...(name === undefined ? {} : { name }),
            type,
            priority: 'critical',
            at,
            expiresAt,
            plan: [{ channel, when: 'always', after: 0 }],
            index: 0,
            toAudience: false,
          }),
        ])
        return { id, expiresAt }
      }),

    /** Every answer but the right one looks the same, whether the id is unknown, too old or used. */
    verify: async (
      tenant: string,
      id: string,
      code: string,
    ): Promise<{ valid: true } | { valid: false; attemptsLeft: number }> => {
      const key = `otp:${id}`
      const stored = (await store.expiringKeys.get(tenant, [key])).get(key)
      const kept = stored === undefined ? undefined : readJson(stored, Kept)
      if (!kept) return { valid: false, attemptsLeft: 0 }
      const { hash, user, expires } = kept
      const erased = isVoid(await erasureOf(tenant, user), uuid7Time(id) ?? 0)
      if (erased || expires <= now()) return { valid: false, attemptsLeft: 0 }
      const request = uuidv7()
      const attempt = await takeAttempt(tenant, id, request, expires)
      if (attempt === undefined) return { valid: false, attemptsLeft: 0 }
      const given = Buffer.from(seal.digest(code, secretContext({ tenant, notification: id })))
      const wanted = Buffer.from(hash)
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
        return { valid: false, attemptsLeft: ATTEMPTS - attempt }
      if (!(await take(tenant, `otp-used:${id}`, request, expires))) return { valid: false, attemptsLeft: 0 }
      await store.expiringKeys.remove(tenant, [key])
      metrics.otp.inc({ channel: '', outcome: 'verified' })
      return { valid: true }
    },
  }
}

export type Otp = ReturnType<typeof createOtp>
