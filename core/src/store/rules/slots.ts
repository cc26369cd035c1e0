import { hash } from 'node:crypto'
import { SLOTS, type UserPage } from '../ports/walk.ts'

/** Hashes a text to 0 … size − 1. */
export const bucket = (text: string, size: number): number =>
  Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16) % size

/** Returns the slot of a user, 0 to SLOTS − 1. Must not change: stored rows depend on it. */
export const slotOf = (user: string): number => bucket(user, SLOTS)

/** Returns the page of a walk that read up to one user more than `limit`, so that it knows whether anybody follows. */
export const userPage = (found: readonly string[], limit: number): UserPage => {
  const users = found.slice(0, limit)
  const user = users.at(-1)
  return {
    users,
    ...(found.length > limit && user !== undefined ? { next: { slot: slotOf(user), user } } : {}),
  }
}
