import { z } from 'zod'
import { Locale, TimeZone } from '../fields/locale.ts'

/** The locale and time zone that a front end reports for its user. Used for what the profile omits. */
export const Reported = z.strictObject({ locale: Locale.optional(), timezone: TimeZone.optional() }).meta({
  id: 'Reported',
  description:
    'The locale and time zone that a front end reports for its user. Used for what the profile omits',
  examples: [{ locale: 'pt-PT', timezone: 'Europe/Lisbon' }],
})
export type Reported = z.infer<typeof Reported>

/** A merge patch (RFC 7396) of what is reported. */
export const ReportedPatch = z
  .strictObject({
    locale: Locale.nullable().optional().describe('A BCP 47 language tag; `null` removes it'),
    timezone: TimeZone.nullable().optional().describe('An IANA time zone; `null` removes it'),
  })
  .meta({
    id: 'ReportedPatch',
    description: 'What to change (JSON merge patch, RFC 7396). `null` removes a value',
    examples: [{ timezone: 'Asia/Tokyo' }, { locale: null }],
  })
export type ReportedPatch = z.infer<typeof ReportedPatch>
