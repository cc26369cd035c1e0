import { DeviceId, DeviceInput, PushDeviceInput, Timestamp, UserId } from '@carillon/schemas'
import { z } from 'zod'
import { defineRoute } from '../http/routes.ts'

const READ_ONLY = ['id', 'origin', 'createdAt', 'renewal']

const Id = z.object({ id: DeviceId })
const User = z.object({ id: UserId })
const UserDevice = z.object({ id: UserId, device: DeviceId })

const EXAMPLE = {
  id: 'laptop',
  kind: 'web-push',
  origin: 'https://fcm.googleapis.com',
  createdAt: '2026-01-31T09:00:00.000Z',
}

/** A device as it is returned, without its credentials. */
export const ShownDevice = z
  .object({
    id: DeviceId,
    kind: z.string().describe('The kind of device, such as `web-push` or `webhook`'),
    origin: z.string().optional().describe('With `web-push`: the origin of the push service'),
    createdAt: Timestamp.describe('When it was first registered'),
  })
  .meta({
    id: 'Device',
    description: 'A device in responses. Its tokens, keys and URLs are never returned',
    examples: [EXAMPLE],
  })
/** A device after its registration. */
export const RegisteredDevice = ShownDevice.extend({
  renewal: z
    .string()
    .optional()
    .describe(
      'With `web-push`: the token with which the service worker renews the subscription (`POST /v1/push/renewals`)',
    ),
}).meta({
  id: 'RegisteredDevice',
  description: 'A registered device',
  examples: [{ ...EXAMPLE, renewal: 'eyJhbGciOi' }],
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

const deleted = { 204: { description: 'Deleted' } }
const stored = { 200: { description: 'Registered', schema: ShownDevice } }
const storedOwn = { 200: { description: 'Registered', schema: RegisteredDevice } }
const listed = { 200: { description: 'The devices', schema: ShownDevices } }

export const listDevices = defineRoute({
  method: 'get',
  path: '/v1/devices',
  operationId: 'listDevices',
  tag: 'Devices',
  summary: "List the user's own devices",
  description: 'Lists all devices of the user. There are at most 32 of them.',
  answers: listed,
})

export const registerDevice = defineRoute({
  method: 'put',
  path: '/v1/devices/{id}',
  operationId: 'registerDevice',
  tag: 'Devices',
  summary: "Register one of the user's own devices",
  description:
    'Registers a device for push messages, or replaces it. A user has at most 32 devices. Web push endpoints must belong to a known push service.',
  params: Id,
  body: PushDeviceInput,
  readOnly: READ_ONLY,
  answers: storedOwn,
  problems: ['too_many_devices'],
})

export const deleteDevice = defineRoute({
  method: 'delete',
  path: '/v1/devices/{id}',
  operationId: 'deleteDevice',
  tag: 'Devices',
  summary: "Delete one of the user's own devices",
  description: 'Deletes a device, if it exists. Nothing is sent to it afterwards.',
  params: Id,
  answers: deleted,
})

export const getPushKey = defineRoute({
  method: 'get',
  path: '/v1/push/key',
  operationId: 'getPushKey',
  tag: 'Devices',
  summary: 'Get the key for web push',
  description:
    'Returns the key that browsers need to subscribe to web push: the `applicationServerKey` of `pushManager.subscribe`.',
  answers: { 200: { description: 'The key', schema: PushKey } },
  problems: ['tenant_unknown'],
})

export const listUserDevices = defineRoute({
  method: 'get',
  path: '/v1/users/{id}/devices',
  operationId: 'listUserDevices',
  tag: 'Devices',
  summary: 'List the devices of a user',
  description: 'Lists all devices, webhooks and chats of a user. There are at most 32 of them.',
  params: User,
  answers: listed,
})

export const registerUserDevice = defineRoute({
  method: 'put',
  path: '/v1/users/{id}/devices/{device}',
  operationId: 'registerUserDevice',
  tag: 'Devices',
  summary: 'Register a device, a webhook or a chat for a user',
  description: 'Registers a device, or replaces it. A user has at most 32. The user need not exist.',
  params: UserDevice,
  body: DeviceInput,
  readOnly: READ_ONLY,
  answers: stored,
  problems: ['too_many_devices'],
})

export const deleteUserDevice = defineRoute({
  method: 'delete',
  path: '/v1/users/{id}/devices/{device}',
  operationId: 'deleteUserDevice',
  tag: 'Devices',
  summary: 'Delete a device of a user',
  description: 'Deletes a device, if it exists. Nothing is sent to it afterwards.',
  params: UserDevice,
  answers: deleted,
})
