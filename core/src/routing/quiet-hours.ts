import type { Channel } from '@carillon/schemas'
import { quietUntil } from '../calendar/quiet-until.ts'
import type { Times } from '../preferences/times.ts'
import type { Decider, Reason } from './decision.ts'
import type { Preference } from './preference.ts'

/** The snooze, quiet hours and digest time of a user, and the time zone of digests and of quiet hours without their own. */
export type LocalTimes = Times & { zone: string }

/** Why messages to a user wait, and until when, in epoch ms. */
export type Hold = {
  until: number
  by: Decider
  path: string
  reason: Extract<Reason, 'snoozed' | 'quiet_hours'>
}

/** Maximum alternations of snooze and quiet hours that are followed. */
const ROUNDS = 8

/**
 * Returns until when messages to a user wait because of snooze and quiet hours; undefined if they can be sent. One
 * that follows right after the other continues it. The reason is the one that applies now. Pure.
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

/** Reports whether quiet hours and snooze apply to a message on a channel. */
export const canBeHeld = (channel: Channel, preference: Preference | undefined): boolean =>
  channel !== 'webhook' && preference?.reason !== 'critical' && preference?.reason !== 'otp'
