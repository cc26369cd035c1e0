import { ProblemError } from '@carillon/core/errors'
import { signLink, verifyLink } from '@carillon/core/security/link-tokens'
import type { Seal } from '@carillon/core/security/seal'
import type { Devices } from '@carillon/core/store/ports/devices'
import type { Owner } from '@carillon/core/store/ports/inbox'
import { DeviceId, type PushDeviceInput, parse } from '@carillon/schemas'
import { z } from 'zod'

/** How long a service worker may renew a subscription after its page was last open: ninety days, in seconds. */
const RENEWAL_SECONDS = 90 * 86_400

const Claims = z.object({ d: DeviceId })

/**
 * The owner of a device. `issuedAt`: the time of issue of the token, if the owner used one. `replaces`: the device that is
 * removed afterwards.
 */
export type Registrant = Owner & { issuedAt?: number; replaces?: string }

type WebPushDevice = Extract<PushDeviceInput, { kind: 'web-push' }>

/** Returns the token with which a service worker replaces the subscription of its device, which it can do once. */
export const signRenewal = (seal: Seal, { tenant, user }: Owner, device: string, now: number) =>
  signLink(seal, 'subscription', { tenant, user }, { claims: { d: device }, seconds: RENEWAL_SECONDS, now })

/**
 * Returns a function that replaces the subscription of a registered browser, as service workers do on `pushsubscriptionchange`.
 * `put` stores a device for its owner. Throws `forbidden` for an invalid or expired token, and `not_found` if the device was
 * deleted or replaced.
 */
export const createRenew =
  <Stored>({
    seal,
    devices,
    limit,
    put,
  }: {
    seal: Seal
    devices: Pick<Devices, 'of' | 'remove'>
    limit: (owner: Owner) => Promise<unknown>
    put: (owner: Registrant, id: string, device: WebPushDevice) => Promise<Stored>
  }) =>
  async (token: string, id: string, device: WebPushDevice): Promise<{ owner: Owner; stored: Stored }> => {
    const link = await verifyLink(seal, 'subscription', token, Date.now())
    const claims = 'fault' in link ? undefined : parse(Claims, link.claims)
    if ('fault' in link || !claims?.success || link.user === undefined)
      throw new ProblemError('forbidden', 'the token is invalid or has expired; register the browser again')
    const { tenant, user, issuedAt } = link
    const owner = { tenant, user }
    await limit(owner)
    const old = claims.data.d
    const known = (await devices.of(tenant, [user])).get(user)?.find((each) => each.id === old)
    if (known?.device.kind !== 'web-push')
      throw new ProblemError('not_found', 'this browser is no longer registered')
    const stored = await put({ ...owner, issuedAt, replaces: old }, id, device)
    if (old !== id) await devices.remove(tenant, user, [old])
    return { owner, stored }
  }
