import { z } from 'zod'
import { WebUrl } from './url.ts'

/** What a tenant's backend sets for the whole tenant. Every setting is optional. */
export const TenantSettings = z.strictObject({
  url: WebUrl.optional().describe(
    "Where the tenant's app lives. Links that are paths, such as /posts/7, lead there in every message outside the app",
  ),
})
export type TenantSettings = z.infer<typeof TenantSettings>
