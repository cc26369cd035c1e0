const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0)

/** Formats times for people, in a locale and in the time zone of the device. Times are in epoch ms. */
const createTimes = (locale: string) => {
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options)
  const weekday = format({ weekday: 'short' })
  const date = format({ day: 'numeric', month: 'short' })
  const dateWithYear = format({ day: 'numeric', month: 'short', year: 'numeric' })
  const full = format({ dateStyle: 'full', timeStyle: 'short' })
  const clock = format({ weekday: 'short', hour: 'numeric', minute: '2-digit' })

  return {
    /** Returns how long ago a time was, in short: `12 min ago`, `yesterday`, `Mon`, `21 Nov`. Future times are "now". */
    short(time: number, now: number): string {
      const age = Math.max(0, now - time)
      // A day with a clock change has 23 or 25 hours.
      const days = Math.round((midnight(now) - midnight(time)) / DAY_MS)
      if (age < MINUTE_MS) return relative.format(0, 'second')
      if (age < HOUR_MS) return relative.format(-Math.floor(age / MINUTE_MS), 'minute')
      if (days < 1) return relative.format(-Math.floor(age / HOUR_MS), 'hour')
      if (days === 1) return relative.format(-1, 'day')
      if (days < 7) return weekday.format(time)
      return (new Date(time).getFullYear() === new Date(now).getFullYear() ? date : dateWithYear).format(time)
    },
    /** Returns the date and time in full. */
    full: (time: number) => full.format(time),
    /** Returns the day of the week and the time. */
    clock: (time: number) => clock.format(time),
  }
}
export type Times = ReturnType<typeof createTimes>

/** Caches the formats of the current locale. */
export const timesIn = (locale: () => string): (() => Times) => {
  let known: string | undefined
  let times: Times
  return () => {
    if (known !== locale()) times = createTimes(locale())
    known = locale()
    return times
  }
}
