import { z } from 'zod'

/** Control characters, line separators, and characters that change the direction of text. */
const NOT_IN_A_LINE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u
const PATTERN = '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]+$'

/** A line of 1 to `max` characters, safe for e-mail headers. */
export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .check((payload) => {
      const { value } = payload
      if (NOT_IN_A_LINE.test(value) || !value.isWellFormed() || value.trim() === '')
        payload.issues.push({ code: 'custom', input: value, message: 'must be one line of text' })
    })
    .meta({ pattern: PATTERN })
