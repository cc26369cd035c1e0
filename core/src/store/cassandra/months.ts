import { uuid7Time } from '../../notification/ids.ts'

/** Returns the calendar month (UTC) of a time, counted from January 1970. An inbox partition holds one month of one user. */
export const monthOf = (ms: number): number => {
  const date = new Date(ms)
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}

/** Returns when a month starts, epoch ms. */
export const startOf = (month: number): number => Date.UTC(1970, month)

/** Returns the ids that contain a time, with their month. Other ids cannot be item ids. */
export const datedIds = (ids: readonly string[]): { id: string; time: number; month: number }[] =>
  ids.flatMap((id) => {
    const time = uuid7Time(id)
    return time === undefined ? [] : [{ id, time, month: monthOf(time) }]
  })

/** Returns the months from the newest to the oldest, both inclusive. */
export const monthsBetween = (newest: number, oldest: number): number[] =>
  Array.from({ length: Math.max(0, newest - oldest + 1) }, (_, back) => newest - back)
