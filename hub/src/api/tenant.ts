import { ProblemError } from '@carillon/core/errors'
import type { LinkPolicy } from '@carillon/core/notification/links'
import type { Tenants } from '@carillon/core/store/ports/tenants'
import { settingsRevision } from '@carillon/core/store/rules/revision'
import { TenantSettings } from '@carillon/schemas'
import { checkIfMatch, etag, hasChanged, IfMatch } from '../http/if-match.ts'
import type { Routes } from '../http/routes.ts'
import { checkSettings } from './check-settings.ts'
import { SETTINGS_MAX_BYTES } from './contexts-openapi.ts'

const gone = () => new ProblemError('tenant_unknown', 'the tenant of this API key has been deleted')

/** Adds the routes of the tenant's settings. */
export const tenantRoutes = (
  routes: Routes,
  {
    tenants,
    insecureLinks,
  }: { tenants: Pick<Tenants, 'get' | 'putSettings'> } & Pick<LinkPolicy, 'insecureLinks'>,
) => {
  routes.sender(
    'tenant:read',
    {
      method: 'get',
      path: '/v1/tenant',
      operationId: 'getTenantSettings',
      tag: 'Tenant',
      summary: 'Get the settings of the tenant',
      description: 'Returns the settings. Unset settings are absent. `ETag` is for `If-Match`.',
      answers: { 200: { description: 'The settings', schema: TenantSettings } },
      problems: ['tenant_unknown'],
    },
    async ({ c }, { tenant }) => {
      const known = await tenants.get(tenant)
      if (!known) throw gone()
      return c.json(known.settings, 200, { etag: etag(settingsRevision(known.settings)) })
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
      description:
        'Replaces all settings: omitted settings are removed. They take effect at once, and within a second on other hubs and dispatchers.',
      headers: IfMatch,
      body: TenantSettings,
      bodyMaxBytes: SETTINGS_MAX_BYTES,
      answers: { 200: { description: 'Stored', schema: TenantSettings } },
      problems: ['tenant_unknown', 'precondition_failed'],
    },
    async ({ c, body }, { tenant }) => {
      const settings = await body()
      checkSettings(settings, insecureLinks)
      const known = await tenants.get(tenant)
      if (!known) throw gone()
      const current = settingsRevision(known.settings)
      const conditional = checkIfMatch(c.req.header('if-match'), current)
      if (!(await tenants.putSettings(tenant, settings, conditional ? current : undefined)))
        throw conditional ? hasChanged() : gone()
      return c.json(settings, 200, { etag: etag(settingsRevision(settings)) })
    },
  )
}
