import { z } from 'zod'

const cap = () => z.int().min(1).max(10_000_000)

/** Limits of one-time passwords, against SMS pumping. Omitted limits have defaults. */
export const OtpSettings = z
  .strictObject({
    countries: z
      .array(
        z
          .string()
          .regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 country code such as PT')
          .meta({ format: 'iso-country', examples: ['PT'] }),
      )
      .min(1)
      .max(250)
      .optional()
      .describe('ISO 3166-1 codes of the countries whose numbers get codes. Defaults to every country'),
    prefixes: z
      .array(
        z.string().regex(/^\+[1-9][0-9]{0,14}$/, 'must be the beginning of a number as E.164, such as +882'),
      )
      .min(1)
      .max(250)
      .optional()
      .describe(
        'Prefixes of numbers that get codes whatever their country or kind. Satellite, international, premium-rate and shared-cost numbers are refused otherwise',
      ),
    perHour: cap()
      .optional()
      .describe('The most codes an hour by text message, for the whole tenant. Defaults to 1,000'),
    perDay: cap()
      .optional()
      .describe('The most codes a day by text message, for the whole tenant. Defaults to 5,000'),
    perAddress: cap()
      .optional()
      .describe('The most codes a day to one phone number, e-mail address or user. Defaults to 20'),
    perRange: cap()
      .optional()
      .describe(
        'The most codes an hour to numbers that differ in their last four digits only. Defaults to 20',
      ),
  })
  .meta({
    id: 'OtpSettings',
    description: 'Limits of one-time passwords, against SMS pumping',
    examples: [{ countries: ['PT', 'GB'], perHour: 500 }],
  })
export type OtpSettings = z.infer<typeof OtpSettings>
