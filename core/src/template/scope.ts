import type { Actor, ItemContent, UserProfile } from '@carillon/schemas'
import { contextVariable } from '../notification/context.ts'
import type { Tenant } from '../store/ports/tenants.ts'

/** What templates see. */
export type Scope = {
  data: Readonly<Record<string, unknown>>
  user: Readonly<Record<string, unknown>>
  tenant: Readonly<Record<string, unknown>>
  actor: Readonly<Record<string, unknown>>
  context: Readonly<Record<string, unknown>>
}

export const SCOPE: ReadonlySet<keyof Scope> = new Set(['data', 'user', 'context', 'tenant', 'actor'])

/** Returns what the templates of a notification see when they are rendered for a person. */
export const scopeOf = (
  {
    data = {},
    actor,
    context,
  }: { data?: ItemContent['data']; actor?: Actor | undefined; context?: string | undefined },
  user: { id: string; profile: UserProfile },
  tenant: Pick<Tenant, 'id' | 'settings'> | undefined,
): Scope => ({
  data,
  actor: actor ?? {},
  context: contextVariable(context),
  user: { id: user.id, ...user.profile },
  tenant: tenant ? { id: tenant.id, url: tenant.settings.url } : {},
})
