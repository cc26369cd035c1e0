import { LRUCache } from 'lru-cache'
import { Temporal } from 'temporal-polyfill'

/**
 * Converts between instants (epoch ms) and local times of a zone. A local time is a number: the epoch ms at which a clock in
 * UTC shows it.
 */
export type Zone = {
  /** The name that Temporal accepts. */
  name: string
  /** Returns the local time at an instant. */
  localAt: (at: number) => number
  /** Returns the instant of a local time. One that does not exist, or exists twice, follows Temporal's `compatible`. */
  instantOf: (local: number) => number
}

/** A period with a constant offset from UTC: `from` inclusive, `until` exclusive. */
type Period = { from: number; until: number; offset: number }

const ZONES_MAX = 600
const PERIODS_MAX = 16
const RESOLVED_MAX = 256
/** More than twice the largest offset from UTC: local times farther than that from a change of the offset exist once. */
const SAFE_MS = 2 * 86_400_000
/** How far before an instant its period starts at the earliest, so that queries around the instant share the period. */
const BACK_MS = 30 * 86_400_000

const zoned = (at: number, zone: string) =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)

/** Only queries `next`, because `previous` takes 100 ms for a zone whose offset has not changed for decades. */
const periodAt = (at: number, name: string): Period => {
  let from = at - BACK_MS
  for (;;) {
    const next = zoned(from, name).getTimeZoneTransition('next')
    const until = next?.epochMilliseconds ?? Number.POSITIVE_INFINITY
    if (at < until) return { from, until, offset: zoned(from, name).offsetNanoseconds / 1e6 }
    from = until
  }
}

/** Temporal takes 20 to 40 µs a call. So periods are cached, and Temporal is called only near a change of the offset. */
const open = (name: string): Zone => {
  const periods: Period[] = []
  const resolved = new LRUCache<number, number>({ max: RESOLVED_MAX })

  const period = (at: number): Period => {
    const found = periods.find(({ from, until }) => from <= at && at < until)
    if (found) return found
    const made = periodAt(at, name)
    periods.unshift(made)
    periods.length = Math.min(periods.length, PERIODS_MAX)
    return made
  }

  const resolve = (local: number): number => {
    const known = resolved.get(local)
    if (known !== undefined) return known
    const at = zoned(local, 'UTC').toPlainDateTime().toZonedDateTime(name).epochMilliseconds
    resolved.set(local, at)
    return at
  }

  return {
    name,
    localAt: (at) => at + period(at).offset,
    instantOf: (local) => {
      const { from, until, offset } = period(local)
      return from + SAFE_MS <= local && local < until - SAFE_MS ? local - offset : resolve(local)
    },
  }
}

const zones = new LRUCache<string, Zone>({ max: ZONES_MAX })

/** Intl accepts abbreviations such as JST, which Temporal refuses. Throws `RangeError` if Intl does not know the zone. */
const canonical = (name: string): string =>
  new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone

/** Opens a time zone that Intl knows. Throws `RangeError` if it does not. */
export const zoneOf = (name: string): Zone => {
  const known = zones.get(name)
  if (known) return known
  const opened = open(canonical(name))
  zones.set(name, opened)
  return opened
}
