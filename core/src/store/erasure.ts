import type { Seal } from '../security/seal.ts'

/**
 * How long an erasure is on record before anything is removed. Whoever finds none, and has stored something within half of
 * this since it began to look, has stored it before the removal; who took longer has to look again.
 */
export const ERASURE_SETTLE_MS = 500

/** When a user was erased last, and put again after that or before, epoch ms. */
export type Erasure = { erasedAt: number; liftedAt?: number }

/** Whether the user is erased now: they have not been put again since. */
export const isErased = (erasure: Erasure | undefined): boolean =>
  erasure !== undefined && !((erasure.liftedAt ?? 0) > erasure.erasedAt)

/**
 * Whether what was accepted, or issued, at `at` (epoch ms) is void: the user is erased now, or was erased since. What was
 * accepted before an erasure stays void when the user is put again.
 */
export const isVoid = (erasure: Erasure | undefined, at: number): boolean =>
  erasure !== undefined && (isErased(erasure) || at <= erasure.erasedAt)

/** When a user is erased: later than they were put last, whatever the clocks of other processes say. */
export const erasureTime = (known: Erasure | undefined, now: number): number =>
  Math.max(now, known?.erasedAt ?? 0, (known?.liftedAt ?? 0) + 1)

/** When an erasure is lifted: later than it. */
export const liftTime = (known: Erasure, now: number): number => Math.max(now, known.erasedAt + 1)

/** What stands for an erased user: a keyed hash, so that their id is not kept. */
export const erasureKey = (seal: Pick<Seal, 'digest'>, tenant: string, user: string): string =>
  seal.digest(user, `erasure:${tenant}`)
