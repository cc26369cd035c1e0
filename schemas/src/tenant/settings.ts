import { z } from 'zod'
import { settingsShape } from './context-settings.ts'
import { OtpSettings } from './otp-settings.ts'

/** The settings that a tenant's backend can make for the whole tenant. */
export const TenantSettings = z.strictObject({ ...settingsShape, otp: OtpSettings.optional() }).meta({
  id: 'TenantSettings',
  description: 'The settings of a tenant. Every property is optional',
  examples: [
    {
      name: 'Acme',
      url: 'https://app.example.com',
      colors: { primary: '#1f4fd8' },
      locale: 'en',
      timezone: 'Europe/London',
      otp: { countries: ['PT', 'GB'] },
    },
  ],
})
export type TenantSettings = z.infer<typeof TenantSettings>
