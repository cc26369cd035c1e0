import type { EffectivePreferences } from '@carillon/schemas'

type QuietHours = NonNullable<EffectivePreferences['quietHours']>
type Days = NonNullable<QuietHours['days']>
export type Day = keyof Days
type Window = [string, string]

/** The days of a week, Monday first. */
export const DAYS: readonly Day[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const DEFAULT_WINDOW: Window = ['22:00', '07:00']

/**
 * The form of the quiet hours: one window for all selected days. `differs`: the stored windows of at least one day differ. They
 * are kept until the user changes the times.
 */
export type QuietForm = { on: boolean; from: string; to: string; days: readonly Day[]; differs: boolean }

/** Converts the end of a window to the value of a time input, which has 00:00 in place of 24:00. */
export const shownEnd = (end: string): string => (end === '24:00' ? '00:00' : end)
const storedEnd = (end: string): string => (end === '00:00' ? '24:00' : end)

/** Returns the windows of each day that has any, Monday first. */
export const windowsOf = ({ days = {} }: QuietHours): [Day, readonly Window[]][] =>
  DAYS.flatMap((day): [Day, readonly Window[]][] => {
    const windows = days[day] ?? []
    return windows.length > 0 ? [[day, windows]] : []
  })

/** Converts quiet hours to a form. If none are stored, the form is off and proposes the default window on every day. */
export const formOf = (quiet: QuietHours = {}): QuietForm => {
  const stored = windowsOf(quiet)
  const [from, to] = stored[0]?.[1][0] ?? DEFAULT_WINDOW
  const same = JSON.stringify([[from, to]])
  return {
    on: stored.length > 0,
    from,
    to: shownEnd(to),
    days: stored.length > 0 ? stored.map(([day]) => day) : DAYS,
    differs: stored.some(([, windows]) => JSON.stringify(windows) !== same),
  }
}

/** Reports whether the times can be saved. */
export const isWindow = (from: string, to: string): boolean => !!from && !!to && from !== storedEnd(to)

/**
 * Converts a form to quiet hours. Every day is stored, because the quiet hours of a user replace the defaults. A day without
 * windows is stored as an empty list, so that no default applies to it.
 */
export const quietHoursOf = (
  { days: stored = {}, timezone }: QuietHours,
  { on, from, to, days, differs }: QuietForm,
): { timezone: string | null; days: Days } => {
  const window: Window = [from, storedEnd(to)]
  const next = DAYS.map((day) => {
    if (!on || !days.includes(day)) return [day, []]
    const kept = differs && stored[day]?.length ? stored[day] : [window]
    return [day, kept]
  })
  return { timezone: timezone ?? null, days: Object.fromEntries(next) }
}
