import type { RECIPIENT, Recipient } from './recipient.ts'

/** A value that a template needs and does not have. */
export type Missing = { name: string; line: number }

export const MISSING: unique symbol = Symbol('missing')
/** What every template sees: the scope without the arguments of a partial. */
export const BASE: unique symbol = Symbol('base')
export const DEPTH: unique symbol = Symbol('depth')

/** What a rendering keeps beside the scope. Templates cannot name symbols. */
export type Globals = {
  [RECIPIENT]: Recipient
  [MISSING]: Missing[]
  [BASE]: Readonly<Record<string, unknown>>
  [DEPTH]?: number
}
