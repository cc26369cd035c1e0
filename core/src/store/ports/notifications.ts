import type { InboxContent, ItemTexts, NotificationState, Priority } from '@carillon/schemas'
import type { Decision } from '../../routing/decision.ts'

/** The record of a notification. `chains`: the number of chains of its fan-out; 0 without a fan-out. */
export type NotificationRecord = {
  tenant: string
  id: string
  type: string
  /** The version of its type when it was accepted; absent for an unknown type. */
  version?: number
  /** The revision of the library when it was accepted; absent if its type has no templates. */
  revision?: number
  priority: Priority
  acceptedAt: number
  /** Fingerprint of its content: see `fingerprintOf`. */
  fingerprint: string
  /** When delivery begins: for a local time, that in UTC+14. */
  deliverAt?: number
  /** The delivery time and context, if the delivery time is local. */
  local?: { deliverAt: string; context?: string }
  /** With `local`: when the last recipients are due, epoch ms. */
  lastAt?: number
  /** The local time of its expiry, if it has one, and the notification's context. */
  localExpiry?: { expiresAt: string; context?: string }
  /** When it has expired for all recipients. */
  expiresAt?: number
  /** Set if its items are silent, or if it has none. */
  inbox?: 'silent' | 'none'
  chains: number
  /** Number of recipients reached outside any chain. */
  direct: number
  /** The recipients, if they are few and not an audience. */
  users?: string[]
  /** Its context, if it has one. */
  context?: string
  /** The entity whose items it replaces. */
  replaces?: string
  /** Set if it is a test. */
  test?: true
  /** Set if it has a delivery plan. */
  planned?: true
  /**
   * Named users without an item: the notification is scheduled, expired or has none, or the user is erased. At most 100.
   */
  absent?: string[]
  /** Number of users outside any chain skipped because they are erased. */
  skipped?: number
  /** The decisions about every recipient without an exception. Absent until recipients are looked up. */
  decisions?: readonly Decision[]
}

/** The acceptance of an id: its time (epoch ms) and the fingerprint of the content. */
export type Acceptance = { at: number; fingerprint: string }

/**
 * `complete`: it is cancelled, or all recipients are stored and none of its messages waits in the log. `version`: the version
 * of its type, if it has one. `revision`: of the library.
 */
export type Recorded = Acceptance & { complete: boolean; version?: number; revision?: number }

/**
 * A claim to be the first acceptance of an id. `windowMs` limits the claim to acceptances less than that before or after it.
 * `until`: when the claim expires, epoch ms.
 */
export type AcceptanceClaim = Acceptance & { id: string; until: number; windowMs?: number }

export type ChainProgress = { chain: number; reached: number; finished: boolean }

/**
 * A replacement of the content of a notification that is not due yet, or has no items. Amendments apply in the order of `at`,
 * epoch ms. `data`: a merge patch. `content`: literal texts.
 */
export type Amendment = { at: number; data?: InboxContent['data']; content?: ItemTexts | undefined }

export type NotificationProgress = NotificationRecord & {
  state: NotificationState
  /** When it was cancelled, epoch ms. */
  cancelledAt?: number
  /** The earliest first; absent if there are none. */
  amendments?: Amendment[]
  /** `direct` plus the recipients that the chains have reached. */
  recipients: number
}

/** A place in the list of notifications, which is ordered by acceptance (epoch ms), then by the bytes of the id. */
export type NotificationPlace = { at: number; id: string }

export type NotificationQuery = {
  /** Only notifications with this user in `absent`. */
  absent?: string
  /** Only notifications accepted at or after this time, epoch ms. */
  from?: number
  before?: NotificationPlace
  limit: number
}

/** At most `limit` notifications, newest first. A page may be empty and still have a `next`, which is absent at the end. */
export type NotificationPage = { notifications: NotificationProgress[]; next?: NotificationPlace }

/**
 * The records of notifications, kept as long as their items.
 *
 * - `put` is an idempotent upsert. It never undoes `cancel`, progress or amendments.
 * - `progress` overwrites by chain, so repeating a chunk changes nothing. Only a repeated older chunk lowers `reached`; the
 *   next chunk corrects it.
 */
export interface Notifications {
  put(records: readonly NotificationRecord[]): Promise<void>
  get(tenant: string, id: string): Promise<NotificationProgress | undefined>
  /** Returns how each id with a record was accepted. Other ids are omitted. */
  recorded(tenant: string, ids: readonly string[]): Promise<Map<string, Recorded>>
  /** Returns known notifications by id. */
  find(tenant: string, ids: readonly string[]): Promise<Map<string, NotificationProgress>>
  /** Reads a bounded number of rows, so a page may be short and still have a `next`. */
  list(tenant: string, query: NotificationQuery): Promise<NotificationPage>
  /**
   * Returns the acceptance that each claim repeats: an earlier record or claim of the id, else the claim itself, which now
   * holds the id. A different fingerprint means that the id was used for other content. Of concurrent claims for an id, in
   * any number of processes, one wins; within one call, the earliest. Acceptances of one id with `windowMs` are never
   * closer to each other than that.
   */
  claim(tenant: string, claims: readonly AcceptanceClaim[]): Promise<Acceptance[]>
  /** Records the progress of a chain, 0 to chains − 1, or a `localChain`, which counts as unfinished from then on. */
  progress(tenant: string, id: string, progress: ChainProgress): Promise<void>
  cancel(tenant: string, id: string, at: number): Promise<void>
  /** Adds an amendment to a notification with a record. `key` names it: a repetition changes nothing. */
  amend(tenant: string, record: NotificationRecord, key: string, amendment: Amendment): Promise<void>
}
