import type { RECIPIENT, Recipient } from './recipient.ts'

/** A value that a template uses and does not have. */
export type Missing = { name: string; line: number }

export const MISSING: unique symbol = Symbol('missing')
/** The variables of every template: the scope without the arguments of a partial. */
export const BASE: unique symbol = Symbol('base')
export const DEPTH: unique symbol = Symbol('depth')

/** State of a rendering besides the scope. Its keys are symbols, which templates cannot name. */
export type Globals = {
  [RECIPIENT]: Recipient
  [MISSING]: Missing[]
  [BASE]: Readonly<Record<string, unknown>>
  [DEPTH]?: number
}
