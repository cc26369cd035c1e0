import { COUNT_MAX } from '@carillon/schemas'

/** Limits of the inbox algorithm. Tests use smaller ones. */
export type Limits = {
  /** Maximum rows read per call, including rows that do not match. */
  rows: number
  /** Counts are exact up to this number. Must be less than `candidates`, or a count would never finish. */
  count: number
  /** Maximum items that a bulk verb changes one by one. For more, it writes a mark. */
  singly: number
  /** Maximum marks per inbox. */
  marks: number
  /** Maximum candidates per hint. */
  candidates: number
  /** Number of rows that did not match, from the log and from the hint, above which a scan writes a hint. */
  dead: { log: number; hint: number }
  /** Maximum old revivals per inbox. More are folded into the hints. */
  revivals: number
  /** Maximum duration of a call that writes a hint, in ms. */
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
