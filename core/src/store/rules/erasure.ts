import type { Seal } from '../../security/seal.ts'

/**
 * Time between recording an erasure and removing the data. A writer that found no erasure, and finished within half of this
 * time after it looked, has written before the removal. A slower writer must look again.
 */
export const ERASURE_SETTLE_MS = 500

/** When a user was last erased, and last put again, epoch ms. */
export type Erasure = { erasedAt: number; liftedAt?: number }

/** Reports whether the user is erased now, that is, has not been put again since. */
export const isErased = (erasure: Erasure | undefined): boolean =>
  erasure !== undefined && !((erasure.liftedAt ?? 0) > erasure.erasedAt)

/**
 * Reports whether something accepted or issued at `at` (epoch ms) is void, because the user is erased now or was erased
 * since. It stays void when the user is put again.
 */
export const isVoid = (erasure: Erasure | undefined, at: number): boolean =>
  erasure !== undefined && (isErased(erasure) || at <= erasure.erasedAt)

/** Returns the time of a new erasure: always later than the last put, whatever the clocks of other processes. */
export const erasureTime = (known: Erasure | undefined, now: number): number =>
  Math.max(now, known?.erasedAt ?? 0, (known?.liftedAt ?? 0) + 1)

/** Returns the time at which a put lifts an erasure: always later than the erasure. */
export const liftTime = (known: Erasure, now: number): number => Math.max(now, known.erasedAt + 1)

/** Returns the key of an erasure: a keyed hash, so that the user's id is not stored. */
export const erasureKey = (seal: Pick<Seal, 'digest'>, tenant: string, user: string): string =>
  seal.digest(user, `erasure:${tenant}`)
