import { COUNT_MAX } from '@carillon/schemas'

/** Bounds of the inbox algorithm. Tests use smaller ones, to reach them. */
export type Limits = {
  /** Rows that one call reads at most, dead ones included. */
  rows: number
  /** Up to this number counts are exact. Less than `candidates`, or a count would never end. */
  count: number
  /** Items that a verb for all changes one by one; more take a mark. */
  singly: number
  /** Marks that an inbox may have. */
  marks: number
  /** Items that a hint names at most. */
  candidates: number
  /** Rows read for nothing that are worth a hint: of the log, and named by the hint that is there. */
  dead: { log: number; hint: number }
  /** Old revivals that are kept beside the hints; more are folded into them. */
  revivals: number
  /** No call takes longer from its first read to its last write; one that did writes no hint. */
  callMs: number
}

export const LIMITS: Limits = {
  rows: 2_000,
  count: COUNT_MAX,
  singly: 100,
  marks: 64,
  candidates: 128,
  dead: { log: 200, hint: 48 },
  revivals: 64,
  callMs: 10_000,
}
