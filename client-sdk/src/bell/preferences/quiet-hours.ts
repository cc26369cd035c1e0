import type { EffectivePreferences } from '@carillon/schemas'

type QuietHours = NonNullable<EffectivePreferences['quietHours']>
type Days = NonNullable<QuietHours['days']>
export type Day = keyof Days
type Window = [string, string]

/** The days of a week, Monday first. */
export const DAYS: readonly Day[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const USUAL: Window = ['22:00', '07:00']

/**
 * Quiet hours as a form shows them: one window for all selected days. `differs`: the days have other windows than that, which
 * a change of a time replaces.
 */
export type QuietForm = { on: boolean; from: string; to: string; days: readonly Day[]; differs: boolean }

/** A control for times has no 24:00, so a window until midnight ends at 00:00 in it. */
export const shownEnd = (end: string): string => (end === '24:00' ? '00:00' : end)
const storedEnd = (end: string): string => (end === '00:00' ? '24:00' : end)

/** Returns the quiet windows of each day that has some. */
export const windowsOf = ({ days = {} }: QuietHours): [Day, readonly Window[]][] =>
  DAYS.flatMap((day): [Day, readonly Window[]][] => {
    const windows = days[day] ?? []
    return windows.length > 0 ? [[day, windows]] : []
  })

/** Returns the form of quiet hours; without any, the usual hours on every day, which are off. */
export const formOf = (quiet: QuietHours = {}): QuietForm => {
  const stored = windowsOf(quiet)
  const [from, to] = stored[0]?.[1][0] ?? USUAL
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
 * Returns quiet hours as a whole after a change of the form. They are stored as a whole, because those of a user replace the
 * defaults; a day without windows is empty, so that no default applies to it.
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
