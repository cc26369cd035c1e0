import type { NotificationState, Priority } from '@carillon/schemas'

/** What is kept of a notification itself. `chains`: how many chains its fan-out walks; 0 when it needed none. */
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
  chains: number
  /** Recipients stored outside any chain. */
  direct: number
  /** Whom it is for, when it is for few and no audience. */
  users?: string[]
  /** It has a delivery plan. */
  planned?: true
  /** Users it names who have no item of it, or not yet: it waits, had expired, or they are erased. At most 100. */
  absent?: string[]
  /** How many users outside any chain were skipped because they are erased. */
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

export type ChainProgress = { chain: number; reached: number; finished: boolean }

export type NotificationProgress = NotificationRecord & {
  state: NotificationState
  /** `direct` and what every chain has reached. */
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
 * - `progress` overwrites by chain, so repeating a page changes nothing. A `reached` lower than before is possible
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
  /** `chain` is 0 to chains − 1. */
  progress(tenant: string, id: string, progress: ChainProgress): Promise<void>
  cancel(tenant: string, id: string, at: number): Promise<void>
}
