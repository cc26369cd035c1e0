import { z } from 'zod'

/** Reports whether a date and time without a zone exist in the calendar. */
const exists = (text: string): boolean => {
  const at = Date.parse(`${text}Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text.slice(0, 10))
}

/** A date and a time of day without a time zone. */
export const LocalDateTime = z
  .string()
  .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$/, {
    abort: true,
    error: 'must be a local date and time such as 2026-12-01T09:00',
  })
  .refine(exists, 'must be a date and time that exist')
  .meta({
    description: 'A date and a time of day without a time zone',
    examples: ['2026-12-01T09:00'],
  })
