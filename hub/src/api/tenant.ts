import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { ProblemError } from '@carillon/core/errors'
import type { Tenants } from '@carillon/core/store/ports/tenants'
import { TenantSettings } from '@carillon/schemas'
import { isSupportedCountry } from 'libphonenumber-js/max'
import type { Routes } from '../http/routes.ts'

const gone = () => new ProblemError('tenant_unknown', 'the tenant of this API key has been deleted')

/** Adds the routes of the tenant's settings. */
export const tenantRoutes = (
  routes: Routes,
  parts: {
    tenants: Pick<Tenants, 'get' | 'putSettings'>
    cache: SettingsCache
    insecureLinks: 'refuse' | 'accept'
  },
) => {
  const { tenants, cache, insecureLinks } = parts

  routes.sender(
    'tenant:read',
    {
      method: 'get',
      path: '/v1/tenant',
      operationId: 'getTenantSettings',
      tag: 'Tenant',
      summary: 'Get the settings of the tenant',
      description: 'Returns the settings. A setting that was never set is left out.',
      answers: { 200: { description: 'The settings', schema: TenantSettings } },
      problems: ['tenant_unknown'],
    },
    async ({ c }, { tenant }) => {
      const known = await tenants.get(tenant)
      if (!known) throw gone()
      return c.json(known.settings)
    },
  )

  routes.sender(
    'tenant:write',
    {
      method: 'put',
      path: '/v1/tenant',
      operationId: 'putTenantSettings',
      tag: 'Tenant',
      summary: 'Replace the settings of the tenant',
      description: 'Replaces all settings: one that is left out is removed.',
      body: TenantSettings,
      answers: { 200: { description: 'Stored', schema: TenantSettings } },
      problems: ['tenant_unknown'],
    },
    async ({ c, body }, { tenant }) => {
      const settings = await body()
      if (insecureLinks === 'refuse' && settings.url?.startsWith('http:'))
        throw new ProblemError('invalid_request', 'the settings are invalid', {
          errors: [{ pointer: '/url', message: 'must be https; http is accepted in development only' }],
        })
      const unknown = settings.otp?.countries?.findIndex((country) => !isSupportedCountry(country)) ?? -1
      if (unknown >= 0)
        throw new ProblemError('invalid_request', 'the settings are invalid', {
          errors: [
            {
              pointer: `/otp/countries/${unknown}`,
              message: 'must be an ISO 3166-1 country code such as GB',
            },
          ],
        })
      if (!(await cache.tenant(tenant))) throw gone()
      await tenants.putSettings(tenant, settings)
      return c.json(settings)
    },
  )
}
