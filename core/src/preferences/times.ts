import type { Day, Preferences, QuietHours } from '@carillon/schemas'
import type { Decider } from '../routing/decision.ts'
import type { PreferenceLayers } from '../routing/preference.ts'

/** The snooze, quiet hours and digest time of a user. */
export type Times = {
  /** Nothing is sent before this instant (RFC 3339). Absent if it is past. */
  snoozedUntil?: string
  /** Without their own time zone, they are in that of the user. */
  quietHours?: QuietHours
  /** When daily and weekly digests are sent, in local time. */
  digest: { hour: number; day: Day }
  /** Who decided each of them. */
  by: { snoozedUntil?: Decider; quietHours?: Decider; digest: Decider }
}

const HOUR = 9
const DAY: Day = 'mon'

type Layer = { by: Decider; document: Preferences | undefined }

/** The values that layers have, most personal first. */
const found = <Value>(layers: readonly Layer[], of: (document: Preferences) => Value | undefined) =>
  layers.flatMap(({ by, document }) => {
    const value = document && of(document)
    return value === undefined ? [] : [{ by, value }]
  })

const later = (one: { value: string }, other: { value: string }): number =>
  Date.parse(other.value) - Date.parse(one.value)

/**
 * Returns the effective snooze, quiet hours and digest time of a user at `now` (epoch ms). The later of two snoozes
 * counts. Quiet hours are those of the first layer that has any, as a whole. So is the user's digest time; what it
 * omits is filled from the defaults. Pure.
 */
export const timesIn = ({ userContext, user, context, tenant }: PreferenceLayers, now: number): Times => {
  const own: Layer[] = [
    { by: 'user_context', document: userContext },
    { by: 'user', document: user },
  ]
  const defaults: Layer[] = [
    { by: 'context', document: context },
    { by: 'tenant', document: tenant },
  ]
  const [snooze] = found(own, ({ snoozedUntil }) => snoozedUntil)
    .filter(({ value }) => Date.parse(value) > now)
    .sort(later)
  const [quiet] = found([...own, ...defaults], ({ quietHours }) => quietHours)
  const chosen = found(own, ({ digest }) => digest).slice(0, 1)
  const digests = [...chosen, ...found(defaults, ({ digest }) => digest)]
  const hour = digests.find(({ value }) => value.hour !== undefined)?.value.hour
  const day = digests.find(({ value }) => value.day !== undefined)?.value.day
  return {
    ...(snooze && { snoozedUntil: snooze.value }),
    ...(quiet && { quietHours: quiet.value }),
    digest: { hour: hour ?? HOUR, day: day ?? DAY },
    by: {
      ...(snooze && { snoozedUntil: snooze.by }),
      ...(quiet && { quietHours: quiet.by }),
      digest: digests[0]?.by ?? 'system',
    },
  }
}
