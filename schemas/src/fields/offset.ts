import { z } from 'zod'
import { HORIZON_DAYS } from './timestamp.ts'

const PARTS =
  /^([+-])?P(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?$/
/** An empty duration, and a `T` without a time, match PARTS. */
const INCOMPLETE = /[PT]$/

const SECONDS = [604_800, 86_400, 3_600, 60, 1]

/** Returns the length in seconds, without its sign; undefined if the text is no duration of weeks, days and a time. */
const lengthOf = (text: string): number | undefined => {
  const parts = INCOMPLETE.test(text) ? null : PARTS.exec(text)
  return parts?.slice(2).reduce((sum, part, index) => sum + Number(part ?? 0) * (SECONDS[index] ?? 0), 0)
}

/** A signed distance from a date, such as `-PT30M`. Months and years have no fixed length and are refused. */
export const DateOffset = z
  .string()
  .max(64)
  .check((payload) => {
    const seconds = lengthOf(payload.value)
    const message =
      seconds === undefined
        ? 'must be an ISO 8601 duration of weeks, days, hours, minutes and seconds such as -PT30M'
        : seconds > HORIZON_DAYS * 86_400 && `must be at most ${HORIZON_DAYS} days`
    if (message) payload.issues.push({ code: 'custom', input: payload.value, message })
  })
  .meta({
    pattern: PARTS.source,
    description: `A signed ISO 8601 duration of weeks, days and a time, at most ${HORIZON_DAYS} days. A day is a calendar day`,
    examples: ['-PT30M', 'P1D'],
  })
