import type { Decision } from '../routing/decision.ts'
import { DECISIONS_MAX } from './ports/decisions.ts'

/** Everybody whom a notification is for, in place of a user. */
export const EVERYBODY = ''

/** Names a decision among those about one person: what is decided again is the same row. */
export const decisionPlace = ({ stage, channel, step, outcome, reason }: Decision): string =>
  [stage, channel ?? '', step ?? '', outcome, reason ?? ''].join(' ')

/** Decisions as they were stored, in order. */
export const readDecisions = (texts: readonly string[]): Decision[] =>
  texts
    .map((text) => JSON.parse(text) as Decision)
    .sort((one, other) => one.at - other.at)
    .slice(0, DECISIONS_MAX)
