import { hash } from 'node:crypto'
import { SLOTS } from '../ports/walk.ts'

/** Hashes a text to 0 … size − 1. */
export const bucket = (text: string, size: number): number =>
  Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16) % size

/** Returns the slot of a user, 0 to SLOTS − 1. Must not change: stored rows depend on it. */
export const slotOf = (user: string): number => bucket(user, SLOTS)
