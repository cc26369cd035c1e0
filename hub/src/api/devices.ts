import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Endpoints } from '@carillon/core/delivery/endpoints'
import { ProblemError } from '@carillon/core/errors'
import type { Http } from '@carillon/core/http/port'
import type { Devices, StoredDevice } from '@carillon/core/store/ports/devices'
import type { Owner } from '@carillon/core/store/ports/inbox'
import { DEVICES_MAX, DeviceId, DeviceInput, PushDeviceInput, Timestamp, UserId } from '@carillon/schemas'
import { z } from 'zod'
import type { Routes } from '../http/routes.ts'
import type { ErasureGuard } from '../users/erasure-guard.ts'

const Id = z.object({ id: DeviceId })
const User = z.object({ id: UserId })
const UserDevice = z.object({ id: UserId, device: DeviceId })

const EXAMPLE = {
  id: 'laptop',
  kind: 'web-push',
  origin: 'https://fcm.googleapis.com',
  createdAt: '2026-01-31T09:00:00.000Z',
}

/** A device as it is read: what it takes to send to it is never returned. */
const ShownDevice = z
  .object({
    id: DeviceId,
    kind: z.string().describe('The kind of device, such as `web-push` or `webhook`'),
    origin: z.string().optional().describe('With `web-push`: the origin of the push service'),
    createdAt: Timestamp.describe('The instant of its first registration'),
  })
  .meta({
    id: 'Device',
    description: 'A device, as it is read: its tokens, keys and URLs are never returned',
    examples: [EXAMPLE],
  })
const ShownDevices = z
  .object({ devices: z.array(ShownDevice) })
  .meta({ id: 'DeviceList', description: 'All devices of a user', examples: [{ devices: [EXAMPLE] }] })

const PushKey = z.object({ publicKey: z.string().describe('65 bytes of base64url') }).meta({
  id: 'PushKey',
  description: 'The public key of the tenant for web push (VAPID, RFC 8292)',
  examples: [
    {
      publicKey: 'BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM',
    },
  ],
})

const shown = ({ id, device, createdAt }: StoredDevice): z.infer<typeof ShownDevice> => ({
  id,
  kind: device.kind,
  ...(device.kind === 'web-push' ? { origin: new URL(device.endpoint).origin } : {}),
  createdAt: new Date(createdAt).toISOString(),
})

const deleted = { 204: { description: 'Deleted' } }
const stored = { 200: { description: 'Registered', schema: ShownDevice } }
const listed = { 200: { description: 'The devices', schema: ShownDevices } }

/** Returns the URL of a device, if it has one, and its JSON pointer. */
const urlOf = (device: DeviceInput): { pointer: string; url: string } | undefined => {
  if ('endpoint' in device) return { pointer: '/endpoint', url: device.endpoint }
  return 'url' in device ? { pointer: '/url', url: device.url } : undefined
}

/** The owner of a device. `issuedAt` is the time of issue of the user token, if one was used. */
type Registrant = Owner & { issuedAt?: number }

export const deviceRoutes = (
  routes: Routes,
  parts: {
    endpoints: Pick<Endpoints, 'registered'>
    devices: Devices
    cache: SettingsCache
    http: Pick<Http, 'refusal'>
    /** Whether a web push endpoint belongs to an allowed push service. */
    pushOrigin: (endpoint: string) => boolean
    guard: ErasureGuard
  },
) => {
  const { devices, cache, endpoints, http, pushOrigin, guard } = parts

  const list = async ({ tenant, user }: Owner) =>
    ((await devices.of(tenant, [user])).get(user) ?? []).map(shown)

  const refusal = (kind: DeviceInput['kind'], url: string): string | undefined =>
    http.refusal(url) ??
    (kind === 'web-push' && !pushOrigin(url) ? 'is not the endpoint of an allowed push service' : undefined)

  /** Stores a device. Throws `invalid_request` if it can never be reached, and `too_many_devices`. */
  const put = async ({ tenant, user, issuedAt }: Registrant, id: string, device: DeviceInput) => {
    const target = urlOf(device)
    const message = target && refusal(device.kind, target.url)
    if (target && message !== undefined)
      throw new ProblemError('invalid_request', 'this device cannot be reached', {
        errors: [{ pointer: target.pointer, message }],
      })
    const known = (await devices.of(tenant, [user])).get(user) ?? []
    const old = known.find((each) => each.id === id)
    if (!old && known.length >= DEVICES_MAX)
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

  routes.user(
    {
      method: 'get',
      path: '/v1/devices',
      operationId: 'listDevices',
      tag: 'Devices',
      summary: "List the user's own devices",
      description: 'Lists all devices of the user. There are at most 32 of them.',
      answers: listed,
    },
    async ({ c }, owner) => c.json({ devices: await list(owner) }, 200, { 'cache-control': 'no-store' }),
  )

  routes.user(
    {
      method: 'put',
      path: '/v1/devices/{id}',
      operationId: 'registerDevice',
      tag: 'Devices',
      summary: "Register one of the user's own devices",
      description:
        'Registers a device for push messages, or replaces it. A user has at most 32 devices. Web push endpoints have to be of a known push service.',
      params: Id,
      body: PushDeviceInput,
      answers: stored,
      problems: ['too_many_devices'],
    },
    async ({ c, params, body }, owner) => c.json(await put(owner, params.id, await body())),
  )

  routes.user(
    {
      method: 'delete',
      path: '/v1/devices/{id}',
      operationId: 'deleteDevice',
      tag: 'Devices',
      summary: "Delete one of the user's own devices",
      description: 'Deletes a device, if it exists: nothing is sent to it any more.',
      params: Id,
      answers: deleted,
    },
    async ({ c, params }, { tenant, user }) => {
      await devices.remove(tenant, user, [params.id])
      return c.body(null, 204)
    },
  )

  routes.user(
    {
      method: 'get',
      path: '/v1/push/key',
      operationId: 'getPushKey',
      tag: 'Devices',
      summary: 'Get the key for web push',
      description:
        'Returns the key with which browsers subscribe to web push: the `applicationServerKey` of `pushManager.subscribe`.',
      answers: { 200: { description: 'The key', schema: PushKey } },
      problems: ['tenant_unknown'],
    },
    async ({ c }, { tenant }) => {
      const known = await cache.tenant(tenant)
      if (!known) throw new ProblemError('tenant_unknown', 'the tenant of this token has been deleted')
      return c.json({ publicKey: known.vapid.publicKey })
    },
  )

  routes.sender(
    'users:read',
    {
      method: 'get',
      path: '/v1/users/{id}/devices',
      operationId: 'listUserDevices',
      tag: 'Devices',
      summary: 'List the devices of a user',
      description: 'Lists all devices, webhooks and chats of a user. There are at most 32 of them.',
      params: User,
      answers: listed,
    },
    async ({ c, params }, { tenant }) => c.json({ devices: await list({ tenant, user: params.id }) }),
  )

  routes.sender(
    'users:write',
    {
      method: 'put',
      path: '/v1/users/{id}/devices/{device}',
      operationId: 'registerUserDevice',
      tag: 'Devices',
      summary: 'Register a device, a webhook or a chat for a user',
      description: 'Registers a device, or replaces it. A user has at most 32. The user need not be known.',
      params: UserDevice,
      body: DeviceInput,
      answers: stored,
      problems: ['too_many_devices'],
    },
    async ({ c, params, body }, { tenant }) =>
      c.json(await put({ tenant, user: params.id }, params.device, await body())),
  )

  routes.sender(
    'users:write',
    {
      method: 'delete',
      path: '/v1/users/{id}/devices/{device}',
      operationId: 'deleteUserDevice',
      tag: 'Devices',
      summary: 'Delete a device of a user',
      description: 'Deletes a device, if it exists: nothing is sent to it any more.',
      params: UserDevice,
      answers: deleted,
    },
    async ({ c, params }, { tenant }) => {
      await devices.remove(tenant, params.id, [params.device])
      return c.body(null, 204)
    },
  )
}
