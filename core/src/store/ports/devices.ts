import type { DeviceInput } from '@carillon/schemas'

/** `createdAt` in epoch ms. */
export type StoredDevice = { id: string; device: DeviceInput; createdAt: number }

/** The devices of users. Addresses are encrypted at rest. All writes are idempotent. */
export interface Devices {
  /**
   * Creates or replaces a device. A web-push endpoint, FCM or APNs token belongs to one device per tenant: another device
   * with the same one is removed. URLs and chats may be shared.
   */
  put(tenant: string, user: string, device: StoredDevice): Promise<void>
  /** Returns devices by user. Users without devices are omitted. */
  of(tenant: string, users: readonly string[]): Promise<Map<string, StoredDevice[]>>
  remove(tenant: string, user: string, ids: readonly string[]): Promise<void>
}
