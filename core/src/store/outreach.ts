import type {
  Channel,
  Delivery,
  DeliveryChannel,
  DeliveryState,
  DeliverySums,
  Device,
  ProviderAccount,
  Suppression,
} from '@carillon/schemas'

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

export type StoredAccount = ProviderAccount & { id: string; channels: Channel[] }

/** Provider accounts of tenants; `config` is encrypted at rest. */
export interface Accounts {
  /** Creates or replaces. */
  put(tenant: string, account: StoredAccount): Promise<void>
  list(tenant: string): Promise<StoredAccount[]>
  remove(tenant: string, id: string): Promise<void>
}

/** Addresses not to be written to, by channel. Kept under a keyed hash, and encrypted for showing. */
export interface Suppressions {
  /** Adds or replaces. */
  put(tenant: string, suppressions: readonly Suppression[]): Promise<void>
  /** Which of these are suppressed, in the order given; undefined where one is not. */
  find(
    tenant: string,
    addresses: readonly { channel: Channel; address: string }[],
  ): Promise<(Suppression | undefined)[]>
  remove(tenant: string, addresses: readonly { channel: Channel; address: string }[]): Promise<void>
  /** In no promised order, from a place on. */
  list(
    tenant: string,
    query: { after?: string; limit: number },
  ): Promise<{ suppressions: Suppression[]; next?: string }>
}

/**
 * One delivery of a notification: to one user, by one step of the plan (or IN_APP_STEP), to one device ('' for an
 * address).
 */
export type DeliveryPlace = {
  notification: string
  user: string
  step: number
  channel: DeliveryChannel
  device: string
  /** Whether the notification's deliveries are spread over partitions; the same for all of one notification. */
  wide: boolean
}

/** A delivery has come into a state at `at` (epoch ms). What is left out stays as it was. */
export type DeliveryChange = DeliveryPlace & {
  state: DeliveryState
  at: number
  attempt?: number
  provider?: string
  providerId?: string
  reason?: string
  /** The reason in words. A reason without a detail clears the one that was there. */
  detail?: string
  /** When a queued delivery is tried next, epoch ms. */
  nextAttempt?: number
}

/**
 * The ledger: how far every delivery has come. Kept as long as its notification.
 *
 * - `record` keeps the time of each state by itself, so repeating a change, or bringing changes in another order,
 *   gives the same. Of two times for one state the later stays; so it is with what else a change says.
 * - A delivery's state is the farthest it has been in (the order of DELIVERY_STATES), except that `failed`, `skipped` and
 *   `in_doubt` give way to a later `sent` or `queued`: it was tried again. A reason is shown in these three, and while a
 *   queued delivery waits for its next attempt.
 */
export interface Deliveries {
  record(tenant: string, changes: readonly DeliveryChange[]): Promise<void>
  /** In no promised order, from a place on; of one user if named. */
  list(
    tenant: string,
    notification: { id: string; wide: boolean; user?: string },
    query: { after?: string; limit: number },
  ): Promise<{ deliveries: Delivery[]; next?: string }>
  /** All deliveries of each recipient of a notification, in the order asked for. */
  of(
    tenant: string,
    recipients: readonly { id: string; wide: boolean; user: string }[],
  ): Promise<Delivery[][]>
  sum(tenant: string, notification: { id: string; wide: boolean }): Promise<DeliverySums>
}

/** A small value under a key. */
export type Mark = { key: string; value: string }
/** `at`: epoch ms, whatever the time, but the same from everybody who takes this key. Those of about one time lie together. */
export type Taking = Mark & { at: number }

/**
 * Small facts with a time to live, by tenant and key (at most 256 characters, any). Values are the caller's, sealed by
 * the caller if they have to be.
 *
 * - `take` writes keys that are not there: of any number of takers of a key, on any number of processes, one wins, for
 *   as long as it lives. It resolves once that is durable, with undefined for each key that is now the caller's, and
 *   the value it already has for each other. Whether a take that rejected has won is not known: taking again may give
 *   the caller its own value back, so put into it who takes.
 * - `take` does not see the keys of `put`, `get` and `remove`, nor they its.
 * - None is gone before its time; an expired one may be seen for another second.
 */
export interface Marks {
  take(tenant: string, marks: readonly Taking[], ttlMs: number): Promise<(string | undefined)[]>
  put(tenant: string, marks: readonly Mark[], ttlMs: number): Promise<void>
  /** What was put, by key. */
  get(tenant: string, keys: readonly string[]): Promise<Map<string, string>>
  /** Removes what was put. */
  remove(tenant: string, keys: readonly string[]): Promise<void>
}
