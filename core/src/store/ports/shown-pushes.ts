/** Identifies a push on a device: it replaces others with the same key there. */
export type PushPlace = { user: string; device: string; key: string }

/** A push that a device may still show. Times are epoch ms. */
export type ShownPush = PushPlace & {
  /** The inbox items that it shows. */
  items: readonly string[]
  /** The provider account that sent it. */
  account: string
  sentAt: number
  /** The version of the content that it shows, epoch ms; absent for several items. */
  version?: number
  /** When an update that removes it was sent. */
  withdrawnAt?: number
}

/** How long a device is expected to show a push. */
export const SHOWN_KEPT_MS = 7 * 86_400_000
/** Maximum pushes of one user that are returned. */
export const SHOWN_MAX = 500

/**
 * The pushes that the apps of users may still show. Kept for SHOWN_KEPT_MS after the last write.
 *
 * - `put` replaces an earlier push with the same place.
 * - `of` returns at most SHOWN_MAX pushes of each user, in any order. Users without any are omitted.
 */
export interface ShownPushes {
  put(tenant: string, pushes: readonly ShownPush[]): Promise<void>
  of(tenant: string, users: readonly string[]): Promise<Map<string, ShownPush[]>>
  remove(tenant: string, places: readonly PushPlace[]): Promise<void>
}
