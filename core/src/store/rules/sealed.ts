import type { Channel, DeviceInput, Suppression } from '@carillon/schemas'
import { addressKey } from '../../delivery/addresses.ts'
import { ProblemError } from '../../errors.ts'
import type { Seal } from '../../security/seal.ts'
import type { StoredAccount } from '../ports/accounts.ts'
import type { StoredDevice } from '../ports/devices.ts'
import type { StoredSchedule } from '../ports/schedules.ts'
import type { Tenant } from '../ports/tenants.ts'

/**
 * Serializes and seals a value. The context binds it to its row. Contexts are unique, because tenants, device ids and
 * account ids contain no colon.
 */
const text = (seal: Seal, context: string, value: unknown): string =>
  seal.seal(JSON.stringify(value), context)
const read = <T>(seal: Seal, context: string, sealed: string): T =>
  JSON.parse(seal.open(sealed, context)) as T

type TenantKeys = Pick<Tenant, 'secrets' | 'vapid'>

export const sealTenant = (seal: Seal, { id, secrets, vapid }: TenantKeys & { id: string }): string =>
  text(seal, `tenant:${id}`, { secrets, vapid })

export const openTenant = (seal: Seal, id: string, sealed: string): TenantKeys =>
  read<TenantKeys>(seal, `tenant:${id}`, sealed)

const deviceContext = (tenant: string, user: string, id: string) => `device:${tenant}:${user}:${id}`

export const sealDevice = (seal: Seal, tenant: string, user: string, stored: StoredDevice): string =>
  text(seal, deviceContext(tenant, user, stored.id), { device: stored.device, createdAt: stored.createdAt })

export const openDevice = (
  seal: Seal,
  tenant: string,
  user: string,
  id: string,
  sealed: string,
): StoredDevice => ({
  id,
  ...read<Omit<StoredDevice, 'id'>>(seal, deviceContext(tenant, user, id), sealed),
})

const endpoint = (device: DeviceInput): string | undefined => {
  if (device.kind === 'web-push') return device.endpoint
  if (device.kind === 'fcm') return device.token
  // Hexadecimal tokens are case-insensitive.
  if (device.kind === 'apns') return device.token.toLowerCase()
  return undefined
}

/** Returns a keyed hash of an address that belongs to one user per tenant; undefined for addresses that users may share. */
export const deviceTarget = (seal: Seal, tenant: string, device: DeviceInput): string | undefined => {
  const own = endpoint(device)
  return own === undefined ? undefined : seal.digest(`${device.kind}\n${own}`, `device:${tenant}`)
}

export const sealAccount = (seal: Seal, tenant: string, { id, ...account }: StoredAccount): string =>
  text(seal, `account:${tenant}:${id}`, account)

export const openAccount = (seal: Seal, tenant: string, id: string, sealed: string): StoredAccount => ({
  id,
  ...read<Omit<StoredAccount, 'id'>>(seal, `account:${tenant}:${id}`, sealed),
})

export const sealSchedule = (seal: Seal, tenant: string, { id, ...schedule }: StoredSchedule): string =>
  text(seal, `schedule:${tenant}:${id}`, schedule)

export const openSchedule = (seal: Seal, tenant: string, id: string, sealed: string): StoredSchedule => ({
  id,
  ...read<Omit<StoredSchedule, 'id'>>(seal, `schedule:${tenant}:${id}`, sealed),
})

/** Returns the key of a suppressed address: a keyed hash, equal for every spelling of the address. */
export const suppressionKey = (seal: Seal, tenant: string, channel: Channel, address: string): string =>
  seal.digest(`${channel}\n${addressKey(address)}`, `suppression:${tenant}`)

export const sealSuppression = (seal: Seal, tenant: string, key: string, suppression: Suppression): string =>
  text(seal, `suppression:${tenant}:${key}`, suppression)

export const openSuppression = (seal: Seal, tenant: string, key: string, sealed: string): Suppression =>
  read<Suppression>(seal, `suppression:${tenant}:${key}`, sealed)

/** Throws `cursor_invalid` if a cursor is not a suppression key. */
export const checkSuppressionCursor = (after: string | undefined): void => {
  if (after !== undefined && !/^[\w-]{43}$/.test(after))
    throw new ProblemError('cursor_invalid', 'the cursor is not from a list of suppressions')
}
