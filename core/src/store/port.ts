import type {
  Counts,
  InboxItem,
  InboxStatus,
  ItemContent,
  ItemState,
  NotificationState,
  Priority,
  StoredType,
  TenantLimits,
  TenantSettings,
  UserProfile,
} from '@carillon/schemas'
import type { Erasure } from './erasure.ts'
import type { Accounts, Deliveries, Devices, Marks, Suppressions } from './outreach.ts'

/** Whose inbox. Every read and write names it; nothing crosses it. */
export type Owner = { tenant: string; user: string }

export type NewItem = Owner & { content: ItemContent; expiresAt: number }

/** State cells to write; `null` clears. `acted` adds to what is there. Times are RFC 3339. */
export type StateChange = Partial<ItemState>

/**
 * People's inboxes, newest first by item id (UUIDv7: the time the notification was accepted, then a hash).
 *
 * - `put` is an idempotent upsert of the immutable content. Putting again never undoes a change of state or a
 *   removal. No order between items is needed. Each item is gone at its `expiresAt` (epoch ms).
 * - State changes of different cells do not disturb each other; of the same cell, the last wins.
 * - Reads see every `put` and `change` that resolved before.
 */
export interface Inbox {
  put(items: readonly NewItem[]): Promise<void>
  /**
   * Items of a status older than `before` (an item id), newest first, at most `limit`; fewer only at the end.
   * `category` and `tag` narrow it.
   */
  page(
    owner: Owner,
    query: { status: InboxStatus; category?: string; tag?: string; before?: string; limit: number },
  ): Promise<InboxItem[]>
  /**
   * The notifications of items older than `before` (any UUIDv7), newest first, whatever their state, at most `limit`;
   * fewer only at the end.
   */
  arrivals(
    owner: Owner,
    query: { before?: string; limit: number },
  ): Promise<{ id: string; notification: string }[]>
  /** Always computed from the items themselves, so they cannot drift. */
  counts(owner: Owner): Promise<Counts>
  /** The items among `ids` that are the owner's; others are left out. */
  get(owner: Owner, ids: readonly string[]): Promise<InboxItem[]>
  /** Ids must come from `get` or `page`: a change to an item that is not there may linger unseen until its expiry. */
  change(owner: Owner, ids: readonly string[], change: StateChange): Promise<void>
  remove(owner: Owner, ids: readonly string[]): Promise<void>
}

export type StoredUser = { id: string; profile: UserProfile }

/** A place in a walk over users: `slot` is a hash bucket, `user` the last one seen in it. */
export type Place = { slot: number; user: string }

/** Users and topic members are spread over this many slots; a lane of a walk is a range of them. */
export const SLOTS = 64

/** A stretch of slots, from inclusive to exclusive, and where to go on. */
export type Stretch = { from: number; to: number; after?: Place }

/** `next` is absent at the end of the stretch. */
export type UserPage = { users: string[]; next?: Place }

/** Attributes that came with a notification, and when that was accepted (epoch ms; now, unless given). */
export type IntroducedUser = StoredUser & { acceptedAt?: number }

/**
 * The people of a tenant. Addresses are encrypted at rest. All writes are idempotent.
 *
 * An erased user stays erased until `put`. Whatever the order in which `merge` and `remove` are carried out, nothing of
 * before an erasure is left.
 */
export interface Users {
  /**
   * Creates or merges: attributes that are given replace what was there, others stay. Users who are erased, or were
   * erased since `acceptedAt`, are left out. Each user at most once.
   */
  merge(tenant: string, users: readonly IntroducedUser[]): Promise<void>
  /** Creates or replaces. An erased user is one again. */
  put(tenant: string, user: StoredUser): Promise<void>
  get(tenant: string, ids: readonly string[]): Promise<StoredUser[]>
  /**
   * Erases the user: removes their profile, inbox, devices and topic memberships, and keeps when that was, for good,
   * under a keyed hash of the id. `erased` tells of it ERASURE_SETTLE_MS before anything is removed. Resolves to the time
   * of erasure.
   */
  remove(tenant: string, user: string): Promise<number>
  /** Those of the users who were ever erased. */
  erased(tenant: string, users: readonly string[]): Promise<Map<string, Erasure>>
  /** Every known user, in no promised order, each once, in pages of at most `limit`. */
  walk(tenant: string, stretch: Stretch, limit: number): Promise<UserPage>
}

/** The topics that people are in. All writes are idempotent. */
export interface Topics {
  add(tenant: string, topic: string, users: readonly string[]): Promise<void>
  remove(tenant: string, topic: string, users: readonly string[]): Promise<void>
  /** As Users.walk, over the members of one topic. */
  walk(tenant: string, topic: string, stretch: Stretch, limit: number): Promise<UserPage>
}

export type Tenant = {
  id: string
  /** Secrets that sign user tokens, newest first; all verify, the first signs. */
  secrets: { kid: string; secret: string }[]
  /** The keys its web pushes are signed with (VAPID, RFC 8292), base64url. */
  vapid: { publicKey: string; privateKey: string }
  createdAt: string
  settings: TenantSettings
  limits: TenantLimits
}

export type ApiKey = {
  id: string
  tenant: string
  name: string
  /** SHA-256 of the secret part, base64url. The secret itself is never stored. */
  hash: string
  scopes: string[]
  createdAt: string
  revokedAt: string | null
}

export interface Tenants {
  /** Creates or replaces all but settings and limits. `secrets` and `vapid` are encrypted at rest. */
  put(tenant: Omit<Tenant, 'settings' | 'limits'>): Promise<void>
  /** Replaces the settings. The tenant must exist. */
  putSettings(id: string, settings: TenantSettings): Promise<void>
  /** Replaces the limits. The tenant must exist. */
  putLimits(id: string, limits: TenantLimits): Promise<void>
  get(id: string): Promise<Tenant | undefined>
  list(): Promise<string[]>
  putKey(key: ApiKey): Promise<void>
  key(tenant: string, id: string): Promise<ApiKey | undefined>
  keys(tenant: string): Promise<ApiKey[]>
}

export interface Types {
  put(tenant: string, type: StoredType): Promise<void>
  get(tenant: string, key: string): Promise<StoredType | undefined>
  list(tenant: string): Promise<StoredType[]>
}

/** What is kept of a notification itself. `lanes`: how many lanes its fan-out walks; 0 when it needed none. */
export type NotificationRecord = {
  tenant: string
  id: string
  type: string
  priority: Priority
  acceptedAt: number
  /** Of its content: see `fingerprintOf`. */
  fingerprint: string
  deliverAt?: number
  expiresAt?: number
  lanes: number
  /** Recipients stored outside any lane. */
  direct: number
  /** Whom it is for, when it is for few and no audience. */
  users?: string[]
  /** It has a delivery plan. */
  planned?: true
  /** Users it names who have no item of it, or not yet: it waits, had expired, or they are erased. At most 100. */
  absent?: string[]
  /** How many users outside any lane were skipped because they are erased. */
  skipped?: number
}

/** What was accepted under an id: when (epoch ms), and the fingerprint of its content. */
export type Acceptance = { at: number; fingerprint: string }

/** `complete`: its recipients have been stored, and nothing of it waits in the log. */
export type Recorded = Acceptance & { complete: boolean }

/**
 * A message that is to be the first with its id. With `windowMs` only acceptances less than that before or after it
 * count, without it all do. `until`: how long the claim is kept, epoch ms.
 */
export type AcceptanceClaim = Acceptance & { id: string; until: number; windowMs?: number }

export type LaneProgress = { lane: number; reached: number; finished: boolean }

export type NotificationProgress = NotificationRecord & {
  state: NotificationState
  /** `direct` and what every lane has reached. */
  recipients: number
}

/** A position in the list of notifications, which is ordered by acceptance (epoch ms), then by the bytes of the id. */
export type NotificationPlace = { at: number; id: string }

export type NotificationQuery = {
  /** Only those that list this user as `absent`. */
  absent?: string
  /** Not those accepted before, epoch ms. */
  from?: number
  before?: NotificationPlace
  limit: number
}

/** At most `limit` notifications, newest first; perhaps none. `next` is absent at the end of the list. */
export type NotificationPage = { notifications: NotificationProgress[]; next?: NotificationPlace }

/**
 * The notifications themselves, kept as long as their items.
 *
 * - `put` is an idempotent upsert; it never undoes `cancel` or progress.
 * - `progress` overwrites by lane, so repeating a page changes nothing. A `reached` lower than before is possible
 *   only when an older page is repeated, and is put right by the next.
 */
export interface Notifications {
  put(records: readonly NotificationRecord[]): Promise<void>
  get(tenant: string, id: string): Promise<NotificationProgress | undefined>
  /** How the ids that have a record were accepted. Others are left out. */
  recorded(tenant: string, ids: readonly string[]): Promise<Map<string, Recorded>>
  /** Those of the ids that are known, by id. */
  find(tenant: string, ids: readonly string[]): Promise<Map<string, NotificationProgress>>
  /** Reads a bounded number of rows, so a page may end early and still have a `next`. */
  list(tenant: string, query: NotificationQuery): Promise<NotificationPage>
  /**
   * Returns for each claim the acceptance it falls under: one that was recorded or claimed before, else its own, which
   * is claimed thereby. If its fingerprint differs, the id was used for other content. Of concurrent claims for an id,
   * on any number of processes, one wins; of those in one call the earliest. Acceptances of one id with `windowMs` are
   * never closer to each other than that.
   */
  claim(tenant: string, claims: readonly AcceptanceClaim[]): Promise<Acceptance[]>
  /** `lane` is 0 to lanes − 1. */
  progress(tenant: string, id: string, progress: LaneProgress): Promise<void>
  cancel(tenant: string, id: string, at: number): Promise<void>
}

/**
 * Everything that is kept. Every method rejects with UnavailableError when the database cannot be used now, and
 * has a time limit; anything else it rejects with is a fault.
 */
export interface Store {
  inbox: Inbox
  users: Users
  topics: Topics
  tenants: Tenants
  types: Types
  notifications: Notifications
  devices: Devices
  accounts: Accounts
  suppressions: Suppressions
  deliveries: Deliveries
  marks: Marks
  /**
   * Brings the schema up to date; forward only; safe when several processes start at once. New data is recorded as
   * the installation `namespace`, or under a random name. Rejects with SetupError for data of another layout, which
   * is left as it is, and for data of another namespace.
   */
  migrate(namespace?: string): Promise<void>
  /**
   * The namespace of the installation that the data belongs to; undefined for new data. Only reads.
   * Rejects with SetupError for data of another layout.
   */
  namespace(): Promise<string | undefined>
  /** Rejects when the database does not answer, or its schema is older than this code; as `namespace` does, too. */
  check(): Promise<void>
  close(): Promise<void>
}

/** Encrypts what must not lie in a database in the clear. `context` binds a value to its place. */
export type Seal = {
  seal(plain: string, context: string): string
  open(sealed: string, context: string): string
  /** A keyed hash: finds a value again without keeping it. 43 characters of base64url. */
  digest(plain: string, context: string): string
}
