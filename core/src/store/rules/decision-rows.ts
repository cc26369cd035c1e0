import type { Decision } from '../../routing/decision.ts'
import { DECISIONS_MAX } from '../ports/decisions.ts'

/** The user id of decisions about all recipients of a notification. */
export const EVERYBODY = ''

/** Returns the key of a decision among those about one user. A repeated decision has the same key. */
export const decisionPlace = ({ stage, channel, step, outcome, reason }: Decision): string =>
  [stage, channel ?? '', step ?? '', outcome, reason ?? ''].join(' ')

/** Reads stored decisions, in order of time. */
export const readDecisions = (texts: readonly string[]): Decision[] =>
  texts
    .map((text) => JSON.parse(text) as Decision)
    .sort((one, other) => one.at - other.at)
    .slice(0, DECISIONS_MAX)
