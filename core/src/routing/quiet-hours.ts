import { hash } from 'node:crypto'
import type { Channel } from '@carillon/schemas'
import { quietUntil } from '../calendar/quiet-until.ts'
import type { Times } from '../preferences/times.ts'
import type { Decider, Reason } from './decision.ts'
import type { Preference } from './preference.ts'

/** When a person can be reached, and the time zone of digests and of quiet hours that name none. */
export type LocalTimes = Times & { zone: string }

/** Why and until when (epoch ms) messages to a person wait. */
export type Hold = {
  until: number
  by: Decider
  path: string
  reason: Extract<Reason, 'snoozed' | 'quiet_hours'>
}

/** Snooze and quiet hours can follow one another this often before the end is taken as found. */
const ROUNDS = 8

/**
 * Returns until when messages to a person wait because of their snooze and quiet hours; undefined if they can be sent. One
 * that follows right after the other continues it. The reason is the one that holds now. Pure.
 */
export const holdOf = ({ zone, snoozedUntil, quietHours, by }: LocalTimes, now: number): Hold | undefined => {
  const quiet = (at: number) => quietHours && quietUntil(quietHours, quietHours.timezone ?? zone, at)
  const snooze = snoozedUntil === undefined ? 0 : Date.parse(snoozedUntil)
  const reason = snooze > now ? 'snoozed' : quiet(now) === undefined ? undefined : 'quiet_hours'
  if (!reason) return undefined
  let until = now
  for (let round = 0; round < ROUNDS; round++) {
    const end = Math.max(snooze, quiet(until) ?? 0)
    if (end <= until) break
    until = end
  }
  const path = reason === 'snoozed' ? 'snoozedUntil' : 'quietHours'
  return { until, by: by[path] ?? 'user', path, reason }
}

/** Reports whether quiet hours and snooze hold back what a preference lets pass on a channel. */
export const canBeHeld = (channel: Channel, preference: Preference | undefined): boolean =>
  channel !== 'webhook' && preference?.reason !== 'critical' && preference?.reason !== 'otp'

/** Returns the name of a window: what has the same name waits together. */
export const windowName = (kind: string, ...parts: readonly string[]): string =>
  hash('sha256', [kind, ...parts].join('\n'), 'base64url').slice(0, 32)
