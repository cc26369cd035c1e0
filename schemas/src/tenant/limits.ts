import { z } from 'zod'
import { Rate } from '../fields/rate.ts'

const requestRate = Rate.nullable().optional()

/**
 * The limits that an operator sets for a tenant. For an omitted limit, that of the installation applies;
 * `null` means no limit.
 */
export const TenantLimits = z.strictObject({
  /** The request rates per API key, per tenant and per user. */
  requests: z.strictObject({ key: requestRate, tenant: requestRate, user: requestRate }).optional(),
})
export type TenantLimits = z.infer<typeof TenantLimits>
