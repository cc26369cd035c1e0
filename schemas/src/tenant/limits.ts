import { z } from 'zod'
import { Rate } from '../fields/rate.ts'

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
