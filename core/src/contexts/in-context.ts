import type { ContextSettings, Senders } from '@carillon/schemas'
import type { SettingsCache } from '../cache/settings-cache.ts'
import type { StoredContext } from '../store/ports/contexts.ts'
import type { Tenant } from '../store/ports/tenants.ts'

/** What holds in a context. The defaults of preferences are not part of it: they decide one after the other. */
export type EffectiveSettings = Omit<ContextSettings, 'defaults'>

type Variable = Readonly<Record<string, unknown>>

/** The tenant and the context of a notification, and what follows from both. */
export type InContext = {
  tenant: Pick<Tenant, 'id' | 'settings'> | undefined
  context: Pick<StoredContext, 'settings'> | undefined
  settings: EffectiveSettings
  /** What templates and conditions see. `context` has all settings that hold in it, and those of the tenant without one. */
  variables: { tenant: Variable; context: Variable }
}

const sendersOf = (tenant: Senders, context: Senders): Senders => {
  const channels = [...new Set([...Object.keys(tenant), ...Object.keys(context)])] as (keyof Senders)[]
  return Object.fromEntries(channels.map((channel) => [channel, { ...tenant[channel], ...context[channel] }]))
}

/** Returns the settings of a context. What it leaves open is the tenant's: colors, attributes and senders one by one. */
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

/** Returns what holds in a context. `key` is what the notification names; there need not be such a context. Pure. */
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

/** Most notifications name no context. The cache returns the same tenants for a while. */
const withoutContext = new WeakMap<object, InContext>()

const inTenant = (tenant: Pick<Tenant, 'id' | 'settings'>): InContext => {
  const known = withoutContext.get(tenant) ?? inContext({ tenant })
  withoutContext.set(tenant, known)
  return known
}

/** Looks up the tenant and the context of a notification, both in the cache. */
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
