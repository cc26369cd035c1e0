import { z } from 'zod'
import { Rate } from './account.ts'
import { WebUrl } from './url.ts'

const cap = () => z.int().min(1).max(10_000_000)

/** Limits of one-time passwords against SMS pumping. What is left out has a default. */
export const OtpSettings = z.strictObject({
  countries: z
    .array(z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 country code such as PT'))
    .min(1)
    .max(250)
    .optional()
    .describe('Text messages with codes go to numbers of these countries only; left out, to every country'),
  prefixes: z
    .array(z.string().regex(/^\+[1-9]\d{0,14}$/, 'must be the beginning of a number as E.164, such as +882'))
    .min(1)
    .max(250)
    .optional()
    .describe(
      'Numbers that begin so are allowed although they are of no listed country, or of a kind that is refused otherwise: satellite, international, premium-rate and shared-cost numbers',
    ),
  perHour: cap()
    .optional()
    .describe('Codes an hour by text message, for the whole tenant; 1,000 if left out'),
  perDay: cap().optional().describe('Codes a day by text message, for the whole tenant; 5,000 if left out'),
  perAddress: cap()
    .optional()
    .describe('Codes a day to one phone number, e-mail address or user; 20 if left out'),
  perRange: cap()
    .optional()
    .describe('Codes an hour to numbers that differ in their last four digits only; 20 if left out'),
})
export type OtpSettings = z.infer<typeof OtpSettings>

/** What a tenant's backend sets for the whole tenant. Every setting is optional. */
export const TenantSettings = z.strictObject({
  url: WebUrl.optional().describe(
    "Where the tenant's app lives. Links that are paths, such as /posts/7, lead there in every message outside the app",
  ),
  otp: OtpSettings.optional().describe('Limits of one-time passwords'),
})
export type TenantSettings = z.infer<typeof TenantSettings>

const requestRate = Rate.nullable().optional()

/**
 * What only an operator sets for a tenant. What is left out is as the settings of the installation say; `null` is no
 * limit.
 */
export const TenantLimits = z.strictObject({
  /** Requests by each API key, by all of the tenant together, and by each user. */
  requests: z.strictObject({ key: requestRate, tenant: requestRate, user: requestRate }).optional(),
})
export type TenantLimits = z.infer<typeof TenantLimits>
