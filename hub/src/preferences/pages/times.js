const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
/** A Monday in UTC. */
const MONDAY = Date.UTC(2026, 0, 5)
const HOUR = 3_600_000
const DAY = 24 * HOUR
/** For how long users can snooze from now: a number, a unit, and its length in ms. */
const SNOOZES = [
  [1, 'hour', HOUR],
  [4, 'hour', HOUR],
  [1, 'day', DAY],
  [1, 'week', 7 * DAY],
]

const inUtc = (tag, options) => new Intl.DateTimeFormat(tag, { ...options, timeZone: 'UTC' })

/** Returns the days of a week with their names, Monday first. `tag`: a BCP 47 tag. */
export const dayNames = (tag) => {
  const format = inUtc(tag, { weekday: 'long' })
  return DAYS.map((day, index) => [day, format.format(MONDAY + index * DAY)])
}

const hourNames = (tag) => {
  const format = inUtc(tag, { hour: 'numeric', minute: '2-digit' })
  return Array.from({ length: 24 }, (_, hour) => [String(hour), format.format(MONDAY + hour * HOUR)])
}

/** The list that snoozes all messages outside the inbox. */
export const createSnooze = (controls, known, words, tag) => {
  const until = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short' })
  const lengths = SNOOZES.map(([count, unit, each]) => {
    const format = new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' })
    return [String(count * each), format.format(count)]
  })
  return controls.addSelect({
    label: words.snooze,
    read: () => {
      const { snoozedUntil } = known.data.grid
      const now = snoozedUntil
        ? ['now', words.until.replace('{time}', until.format(new Date(snoozedUntil)))]
        : ['off', words.notSnoozed]
      const off = snoozedUntil ? [['off', words.notSnoozed]] : []
      const options = [now, ...off, ...lengths]
      return { options, value: now[0], locked: known.data.sample, reason: words.snoozeHint }
    },
    patchOf: (value) => {
      if (value === 'now') return {}
      if (value === 'off') return { snoozedUntil: null }
      return { snoozedUntil: new Date(Date.now() + Number(value)).toISOString() }
    },
  })
}

/** The lists for the hour and the day of daily and weekly messages. */
export const createDigestTime = (controls, known, words, tag) => {
  const list = (label, field, options, read) =>
    controls.addSelect({
      label,
      read: () => {
        const { grid, sample } = known.data
        return { options, value: String(grid.digest[field]), locked: sample, reason: '' }
      },
      // These values apply as a whole, so the first change stores the shown ones.
      patchOf: (value) => {
        const { grid, own } = known.data
        return { digest: { ...(own.digest ? {} : grid.digest), [field]: read(value) } }
      },
    })
  return [
    list(words.digestHour, 'hour', hourNames(tag), Number),
    list(words.digestDay, 'day', dayNames(tag), String),
  ]
}
