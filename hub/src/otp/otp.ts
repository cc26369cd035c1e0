import { randomInt } from 'node:crypto'
import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { secretContext, stepMessage } from '@carillon/core/delivery/step'
import { ProblemError } from '@carillon/core/errors'
import type { Limits } from '@carillon/core/limits/port'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import { isErased } from '@carillon/core/store/rules/erasure'
import type { Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { channelOfDevice, type UserProfile } from '@carillon/schemas'
import { uuidv7 } from 'uuidv7'
import { createOtpCaps } from './caps.ts'
import { destinationRefusal } from './destination.ts'
import { createVerify, type StoredCode } from './verify.ts'

/** Channels of one-time passwords. */
export const OTP_CHANNELS = ['sms', 'email', 'whatsapp', 'push'] as const
type OtpChannel = (typeof OTP_CHANNELS)[number]

/** Channels that use a phone number, which cost money. */
const BY_PHONE: readonly string[] = ['sms', 'whatsapp']

type OtpWish = {
  user: string
  /** Addresses to store in the user's profile. */
  inline: Pick<UserProfile, 'phone' | 'email'>
  channel: OtpChannel
  length: number
  ttlSeconds: number
  type: string
  name?: string
}

const newCode = (length: number) => Array.from({ length }, () => randomInt(10)).join('')

/** Throws `no_provider` if no account of the tenant serves the channel. Push needs none, because tenants have VAPID keys. */
const requireProvider = async (
  cache: Pick<SettingsCache, 'accounts'>,
  tenant: string,
  { channel }: OtpWish,
): Promise<void> => {
  if (channel === 'push') return
  const accounts = await cache.accounts(tenant)
  if (!accounts.some(({ channels }) => channels.includes(channel)))
    throw new ProblemError(
      'no_provider',
      `add an account with a provider of ${channel} first, with PUT /v1/providers/{id}`,
    )
}

/** Returns the address for a channel. For push, only checks that a device exists. Throws `no_address`. */
const addressOf = async (
  store: Pick<Store, 'users' | 'devices' | 'suppressions'>,
  tenant: string,
  { user, inline, channel }: OtpWish,
): Promise<string | undefined> => {
  if (channel === 'push') {
    const devices = (await store.devices.of(tenant, [user])).get(user) ?? []
    if (devices.some(({ device }) => channelOfDevice(device.kind) === 'push')) return
    throw new ProblemError('no_address', 'the user has no device for push')
  }
  const [known] = await store.users.get(tenant, [user])
  const kind = channel === 'email' ? 'email' : 'phone'
  const address = inline[kind] ?? known?.profile[kind]
  if (address === undefined) throw new ProblemError('no_address', `the user has no ${kind}`)
  const [suppressed] = await store.suppressions.find(tenant, [{ channel, address }])
  if (suppressed) throw new ProblemError('suppressed', `the ${kind} is suppressed: ${suppressed.reason}`)
  return address
}

/**
 * Creates and verifies one-time passwords. A code appears in the clear only in the message to the user: the
 * event log contains it sealed, and the store contains a keyed hash.
 */
export const createOtp = ({
  store,
  stream,
  cache,
  limits,
  seal,
  metrics,
  captured = false,
  now = Date.now,
}: {
  store: Pick<Store, 'users' | 'devices' | 'suppressions' | 'expiringKeys'>
  stream: Pick<Stream, 'publish'>
  cache: Pick<SettingsCache, 'tenant' | 'accounts'>
  limits: Pick<Limits, 'allow'>
  seal: Seal
  metrics: Pick<Metrics, 'rateLimited' | 'otp'>
  /** Development only: messages without an account are captured. */
  captured?: boolean
  now?: () => number
}) => {
  const count = createOtpCaps({ limits, seal, metrics })

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

  /** Counts requests for codes by outcome. */
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

  const erasureOf = async (tenant: string, user: string) =>
    (await store.users.erased(tenant, [user])).get(user)

  return {
    /**
     * Creates a code and publishes it to the event log. Throws `erased`, `no_provider`, `no_address`,
     * `suppressed`, `country_not_allowed` and `rate_limited`, without changing anything, and the errors of the log and the
     * store.
     */
    create: (tenant: string, wish: OtpWish): Promise<{ id: string; expiresAt: number }> =>
      counted(wish.channel, async () => {
        const { user, inline, channel, type, name } = wish
        if (isErased(await erasureOf(tenant, user)))
          throw new ProblemError('erased', 'store the user again first, with PUT /v1/users/{id}')
        if (!captured) await requireProvider(cache, tenant, wish)
        const address = await addressOf(store, tenant, wish)
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
          [{ key: `otp:${id}`, value: JSON.stringify(kept satisfies StoredCode) }],
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

    verify: createVerify({ store, seal, metrics, now }),
  }
}

export type Otp = ReturnType<typeof createOtp>
