import type { ContextSettings, Senders } from '@carillon/schemas'
import type { SettingsCache } from '../cache/settings-cache.ts'
import type { StoredContext } from '../store/ports/contexts.ts'
import type { Tenant } from '../store/ports/tenants.ts'

/** The settings in effect in a context. Preference defaults are not merged: those of context and tenant are separate layers. */
export type EffectiveSettings = Omit<ContextSettings, 'defaults'>

type Variable = Readonly<Record<string, unknown>>

/** The tenant and the context of a notification, and the settings in effect. */
export type InContext = {
  tenant: Pick<Tenant, 'id' | 'settings'> | undefined
  context: Pick<StoredContext, 'settings'> | undefined
  settings: EffectiveSettings
  /** Variables of templates and conditions. `context` has the settings in effect; without a context, those of the tenant. */
  variables: { tenant: Variable; context: Variable }
}

const sendersOf = (tenant: Senders, context: Senders): Senders => {
  const channels = [...new Set([...Object.keys(tenant), ...Object.keys(context)])] as (keyof Senders)[]
  return Object.fromEntries(channels.map((channel) => [channel, { ...tenant[channel], ...context[channel] }]))
}

/** Merges the settings of a context over those of its tenant. Colors, attributes and senders are merged one by one. */
const merged = (general: EffectiveSettings, own: EffectiveSettings): EffectiveSettings => ({
  ...general,
  ...own,
  ...(general.colors && own.colors && { colors: { ...general.colors, ...own.colors } }),
  ...(general.attributes && own.attributes && { attributes: { ...general.attributes, ...own.attributes } }),
  ...(general.senders && own.senders && { senders: sendersOf(general.senders, own.senders) }),
})

const VISIBLE = ['name', 'logo', 'colors', 'url', 'timezone', 'locale', 'attributes'] as const

const visible = (settings: EffectiveSettings): Variable =>
  Object.fromEntries(
    VISIBLE.flatMap((field) => (settings[field] === undefined ? [] : [[field, settings[field]]])),
  )

/** Returns the settings and variables in a context. `key` is the context of the notification; it may not exist. Pure. */
export const inContext = ({
  tenant,
  key,
  context,
}: Partial<Pick<InContext, 'tenant' | 'context'>> & { key?: string | undefined }): InContext => {
  const { otp: _otp, defaults: _defaults, ...general } = tenant?.settings ?? {}
  const { defaults: _ownDefaults, ...own } = context?.settings ?? {}
  const settings = merged(general, own)
  return {
    tenant,
    context,
    settings,
    variables: {
      tenant: tenant ? { id: tenant.id, ...visible(general) } : {},
      context: { ...(key === undefined ? {} : { key }), ...visible(settings) },
    },
  }
}

/** Returns the time zone of dates and times without a user: that of the context, else that of the tenant, else UTC. */
export const zoneIn = (place: Pick<InContext, 'settings'> | undefined): string =>
  place?.settings.timezone ?? 'UTC'

/** Results for notifications without a context, which are most. The settings cache returns the same object for a tenant. */
const withoutContext = new WeakMap<object, InContext>()

const inTenant = (tenant: Pick<Tenant, 'id' | 'settings'>): InContext => {
  const known = withoutContext.get(tenant) ?? inContext({ tenant })
  withoutContext.set(tenant, known)
  return known
}

/** Looks up the tenant and the context of a notification in the cache. */
export const lookUpInContext = async (
  cache: Pick<SettingsCache, 'tenant' | 'context'>,
  id: string,
  key: string | undefined,
): Promise<InContext> => {
  if (key === undefined) {
    const tenant = await cache.tenant(id)
    return tenant ? inTenant(tenant) : inContext({})
  }
  const [tenant, context] = await Promise.all([cache.tenant(id), cache.context(id, key)])
  return inContext({ tenant, key, context })
}
