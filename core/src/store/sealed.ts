import type { Channel, Device, Suppression } from '@carillon/schemas'
import { addressKey } from '../delivery/addresses.ts'
import { ProblemError } from '../errors.ts'
import type { Seal } from '../security/seal.ts'
import type { StoredAccount } from './ports/accounts.ts'
import type { StoredDevice } from './ports/devices.ts'
import type { Tenant } from './ports/tenants.ts'

/**
 * What may not lie in a database in the clear, as both adapters keep it: JSON sealed for its row, so that it opens
 * nowhere else. Tenants, device ids and account ids hold no colon: no two rows have the same context.
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

const endpoint = (device: Device): string | undefined => {
  if (device.kind === 'web-push') return device.endpoint
  if (device.kind === 'fcm') return device.token
  // Hexadecimal in either case is the same token.
  if (device.kind === 'apns') return device.token.toLowerCase()
  return undefined
}

/** What can be only one user's within a tenant, as a keyed hash; undefined for what several may share. */
export const deviceTarget = (seal: Seal, tenant: string, device: Device): string | undefined => {
  const own = endpoint(device)
  return own === undefined ? undefined : seal.digest(`${device.kind}\n${own}`, `device:${tenant}`)
}

export const sealAccount = (seal: Seal, tenant: string, { id, ...account }: StoredAccount): string =>
  text(seal, `account:${tenant}:${id}`, account)

export const openAccount = (seal: Seal, tenant: string, id: string, sealed: string): StoredAccount => ({
  id,
  ...read<Omit<StoredAccount, 'id'>>(seal, `account:${tenant}:${id}`, sealed),
})

/** The key of a suppressed address: a keyed hash that every form of the address shares. */
export const suppressionKey = (seal: Seal, tenant: string, channel: Channel, address: string): string =>
  seal.digest(`${channel}\n${addressKey(address)}`, `suppression:${tenant}`)

export const sealSuppression = (seal: Seal, tenant: string, key: string, suppression: Suppression): string =>
  text(seal, `suppression:${tenant}:${key}`, suppression)

export const openSuppression = (seal: Seal, tenant: string, key: string, sealed: string): Suppression =>
  read<Suppression>(seal, `suppression:${tenant}:${key}`, sealed)

/** Refuses a cursor that cannot have come from a page of suppressions: those are keys. */
export const checkSuppressionCursor = (after: string | undefined): void => {
  if (after !== undefined && !/^[\w-]{43}$/.test(after))
    throw new ProblemError('cursor_invalid', 'the cursor is not a place among suppressions')
}
