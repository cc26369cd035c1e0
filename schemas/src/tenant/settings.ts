import { z } from 'zod'
import { WebUrl } from '../fields/url.ts'
import { DefaultPreferences } from '../user/preferences.ts'
import { OtpSettings } from './otp-settings.ts'

/** The settings that a tenant's backend can make for the whole tenant. */
export const TenantSettings = z
  .strictObject({
    url: WebUrl.optional().describe(
      "The URL of the tenant's app, which https has to serve. Outside the app, links that are paths, such as /posts/7, lead there",
    ),
    otp: OtpSettings.optional(),
    defaults: DefaultPreferences.optional(),
  })
  .meta({
    id: 'TenantSettings',
    description: 'The settings of a tenant. Every property is optional',
    examples: [{ url: 'https://app.example.com', otp: { countries: ['PT', 'GB'] } }],
  })
export type TenantSettings = z.infer<typeof TenantSettings>
