import { newApiKey, SCOPES, type Scope } from '@carillon/core/security/api-keys'
import { signUserToken } from '@carillon/core/security/user-tokens'
import { parse, TokenContexts, UserId } from '@carillon/schemas'
import { refuse } from '../process/command-error.ts'
import { say } from '../process/output.ts'
import { administer } from './administer.ts'

const scopesFrom = (list: string | undefined): readonly Scope[] => {
  if (list === undefined) return SCOPES
  return list
    .split(',')
    .map(
      (each) =>
        SCOPES.find((scope) => scope === each.trim()) ??
        refuse(`${JSON.stringify(each)} is not a scope; known scopes are ${SCOPES.join(', ')}`),
    )
}

type Options = {
  tenant: string
  user?: string
  ttl?: number
  context?: string[]
  sender?: string
  scopes?: string
  revoke?: string
  data?: string
}

export const token = (options: Options) =>
  administer(options, async (store) => {
    const tenant =
      (await store.tenants.get(options.tenant)) ??
      refuse(`there is no tenant ${JSON.stringify(options.tenant)}; carillon tenant --add creates it`)
    if (options.user !== undefined) {
      const user = parse(UserId, options.user)
      if (!user.success) return refuse(user.issues[0]!.message)
      const contexts = options.context && parse(TokenContexts, options.context)
      if (contexts && !contexts.success) return refuse(`--context: ${contexts.issues[0]!.message}`)
      return say((await signUserToken(tenant, user.data, options.ttl, contexts?.data)).token)
    }
    if (options.sender !== undefined) {
      const { key, token } = newApiKey(tenant.id, options.sender, scopesFrom(options.scopes))
      await store.tenants.putKey(key)
      return say(token)
    }
    if (options.revoke !== undefined) {
      const key =
        (await store.tenants.key(tenant.id, options.revoke)) ??
        refuse(`there is no API key with the id ${JSON.stringify(options.revoke)}`)
      await store.tenants.putKey({ ...key, revokedAt: key.revokedAt ?? new Date().toISOString() })
      return say(`${key.id} is revoked`)
    }
    for (const { id, name, scopes, createdAt, revokedAt } of await store.tenants.keys(tenant.id))
      say([id, name, createdAt, revokedAt ? `revoked ${revokedAt}` : 'active', scopes.join(',')].join('  '))
  })
