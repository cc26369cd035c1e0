import type { Device } from '@carillon/schemas'

/** `createdAt` in epoch ms. */
export type StoredDevice = { id: string; device: Device; createdAt: number }

/** What else of users' can be reached. Addresses are encrypted at rest. All writes are idempotent. */
export interface Devices {
  /**
   * Creates or replaces. A web-push endpoint, FCM or APNs token belongs to one user of the tenant: a device of another
   * id or user that pointed to the same goes. URLs and chats may be shared.
   */
  put(tenant: string, user: string, device: StoredDevice): Promise<void>
  /** Devices by user; users without any are left out. */
  of(tenant: string, users: readonly string[]): Promise<Map<string, StoredDevice[]>>
  remove(tenant: string, user: string, ids: readonly string[]): Promise<void>
}
