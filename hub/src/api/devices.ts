import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Endpoints } from '@carillon/core/delivery/endpoints'
import { ProblemError } from '@carillon/core/errors'
import type { Http } from '@carillon/core/http/port'
import type { Seal } from '@carillon/core/security/seal'
import type { Devices, StoredDevice } from '@carillon/core/store/ports/devices'
import type { Owner } from '@carillon/core/store/ports/inbox'
import { DEVICES_MAX, type DeviceInput } from '@carillon/schemas'
import type { z } from 'zod'
import type { Routes } from '../http/routes.ts'
import { createRenew, type Registrant, signRenewal } from '../push/renew.ts'
import type { ErasureGuard } from '../users/erasure-guard.ts'
import {
  deleteDevice,
  deleteUserDevice,
  getPushKey,
  listDevices,
  listUserDevices,
  registerDevice,
  registerUserDevice,
  type ShownDevice,
} from './devices-openapi.ts'
import { renewPushSubscription } from './push-openapi.ts'

const shown = ({ id, device, createdAt }: StoredDevice): z.infer<typeof ShownDevice> => ({
  id,
  kind: device.kind,
  ...(device.kind === 'web-push' ? { origin: new URL(device.endpoint).origin } : {}),
  createdAt: new Date(createdAt).toISOString(),
})

/** Returns the URL of a device, if it has one, and its JSON pointer. */
const urlOf = (device: DeviceInput): { pointer: string; url: string } | undefined => {
  if ('endpoint' in device) return { pointer: '/endpoint', url: device.endpoint }
  return 'url' in device ? { pointer: '/url', url: device.url } : undefined
}

export const deviceRoutes = (
  routes: Routes,
  parts: {
    endpoints: Pick<Endpoints, 'registered'>
    devices: Devices
    cache: SettingsCache
    http: Pick<Http, 'refusal'>
    /** Reports whether a web push endpoint belongs to an allowed push service. */
    pushOrigin: (endpoint: string) => boolean
    guard: ErasureGuard
    seal: Seal
    /** Counts a request against the limits of a user. */
    limit: (owner: Owner) => Promise<unknown>
  },
) => {
  const { devices, cache, endpoints, http, pushOrigin, guard, seal, limit } = parts

  const list = async ({ tenant, user }: Owner) =>
    ((await devices.of(tenant, [user])).get(user) ?? []).map(shown)

  const refusal = (kind: DeviceInput['kind'], url: string): string | undefined =>
    http.refusal(url) ??
    (kind === 'web-push' && !pushOrigin(url) ? 'is not the endpoint of an allowed push service' : undefined)

  /**
   * Stores a device. Throws `invalid_request` if it can never be reached, and `too_many_devices` at the
   * limit.
   */
  const put = async ({ tenant, user, issuedAt, replaces }: Registrant, id: string, device: DeviceInput) => {
    const target = urlOf(device)
    const message = target && refusal(device.kind, target.url)
    if (target && message !== undefined)
      throw new ProblemError('invalid_request', 'this device cannot be reached', {
        errors: [{ pointer: target.pointer, message }],
      })
    const known = (await devices.of(tenant, [user])).get(user) ?? []
    const old = known.find((each) => each.id === id)
    if (!old && known.filter((each) => each.id !== replaces).length >= DEVICES_MAX)
      throw new ProblemError('too_many_devices', `a user has at most ${DEVICES_MAX}; delete one first`)
    const now = { id, device, createdAt: old?.createdAt ?? Date.now() }
    await guard(tenant, [user], {
      write: () => devices.put(tenant, user, now),
      undo: () => devices.remove(tenant, user, [id]),
      since: issuedAt,
    })
    if (device.kind === 'webhook') await endpoints.registered(tenant, device.url)
    return shown(now)
  }

  routes.user(listDevices, async ({ c }, owner) =>
    c.json({ devices: await list(owner) }, 200, { 'cache-control': 'no-store' }),
  )

  /** Adds the token for the service worker of a browser. */
  const withRenewal = async (owner: Owner, stored: z.infer<typeof ShownDevice>) =>
    stored.kind === 'web-push'
      ? { ...stored, renewal: await signRenewal(seal, owner, stored.id, Date.now()) }
      : stored

  routes.user(registerDevice, async ({ c, params, body }, owner) =>
    c.json(await withRenewal(owner, await put(owner, params.id, await body()))),
  )

  const renew = createRenew({ seal, devices, limit, put })
  routes.open(renewPushSubscription, async ({ c, body }) => {
    const { token, id, endpoint, keys } = await body()
    const { owner, stored } = await renew(token, id, { kind: 'web-push', endpoint, keys })
    return c.json(await withRenewal(owner, stored), 200, { 'cache-control': 'no-store' })
  })

  routes.user(deleteDevice, async ({ c, params }, { tenant, user }) => {
    await devices.remove(tenant, user, [params.id])
    return c.body(null, 204)
  })

  routes.user(getPushKey, async ({ c }, { tenant }) => {
    const known = await cache.tenant(tenant)
    if (!known) throw new ProblemError('tenant_unknown', 'the tenant of this token has been deleted')
    return c.json({ publicKey: known.vapid.publicKey })
  })

  routes.sender('users:read', listUserDevices, async ({ c, params }, { tenant }) =>
    c.json({ devices: await list({ tenant, user: params.id }) }),
  )

  routes.sender('users:write', registerUserDevice, async ({ c, params, body }, { tenant }) =>
    c.json(await put({ tenant, user: params.id }, params.device, await body())),
  )

  routes.sender('users:write', deleteUserDevice, async ({ c, params }, { tenant }) => {
    await devices.remove(tenant, params.id, [params.device])
    return c.body(null, 204)
  })
}
