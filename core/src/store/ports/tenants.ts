import type { TenantLimits, TenantSettings } from '@carillon/schemas'

export type Tenant = {
  id: string
  /** Secrets of user tokens, newest first. The first signs; all verify. */
  secrets: { kid: string; secret: string }[]
  /** VAPID keys for web push (RFC 8292), base64url. */
  vapid: { publicKey: string; privateKey: string }
  createdAt: string
  settings: TenantSettings
  limits: TenantLimits
}

export type ApiKey = {
  id: string
  tenant: string
  name: string
  /** SHA-256 of the secret part, base64url. The secret is not stored. */
  hash: string
  scopes: string[]
  createdAt: string
  revokedAt: string | null
}

export interface Tenants {
  /** Creates or replaces a tenant, except its settings and limits. `secrets` and `vapid` are encrypted at rest. */
  put(tenant: Omit<Tenant, 'settings' | 'limits'>): Promise<void>
  /**
   * Replaces the settings. Resolves with false and changes nothing if `expected` is given and is not their
   * `settingsRevision`, or if the tenant does not exist. Of concurrent calls with the same `expected`, one takes effect.
   */
  putSettings(id: string, settings: TenantSettings, expected?: string): Promise<boolean>
  /** Replaces the limits. The tenant must exist. */
  putLimits(id: string, limits: TenantLimits): Promise<void>
  get(id: string): Promise<Tenant | undefined>
  list(): Promise<string[]>
  putKey(key: ApiKey): Promise<void>
  key(tenant: string, id: string): Promise<ApiKey | undefined>
  keys(tenant: string): Promise<ApiKey[]>
}
