import { newApiKey, SCOPES, type Scope } from '@carillon/core/security/api-keys'
import { signUserToken } from '@carillon/core/security/user-tokens'
import { parse, UserId } from '@carillon/schemas'
import { defineCommand } from 'citty'
import { administer } from '../admin.ts'
import { refuse, say } from '../settings.ts'

const scopesFrom = (list: string | undefined): readonly Scope[] => {
  if (list === undefined) return SCOPES
  return list
    .split(',')
    .map(
      (each) =>
        SCOPES.find((scope) => scope === each.trim()) ??
        refuse(`${JSON.stringify(each)} is not a scope; known are ${SCOPES.join(', ')}`),
    )
}

export const token = defineCommand({
  meta: { name: 'token', description: "Print a user's token or a new API key; list or revoke API keys" },
  args: {
    tenant: { type: 'string', required: true, description: 'The tenant' },
    user: { type: 'string', description: 'Print a token for this end user' },
    ttl: { type: 'string', description: 'Seconds the user token is good for (default 3600)' },
    sender: { type: 'string', description: 'Print a new API key under this name' },
    scopes: {
      type: 'string',
      description: `What the API key may do, with commas (default all: ${SCOPES.join(',')})`,
    },
    revoke: { type: 'string', description: 'Revoke the API key with this id' },
  },
  run: ({ args }) =>
    administer(async (store) => {
      const tenant =
        (await store.tenants.get(args.tenant)) ??
        refuse(`there is no tenant ${JSON.stringify(args.tenant)}; carillon tenant --add creates it`)
      if (args.user !== undefined) {
        const user = parse(UserId, args.user)
        if (!user.success) return refuse(user.issues[0]!.message)
        const seconds = args.ttl === undefined ? undefined : Number(args.ttl)
        if (seconds !== undefined && !(seconds >= 1)) return refuse('--ttl is a number of seconds')
        return say((await signUserToken(tenant, user.data, seconds)).token)
      }
      if (args.sender !== undefined) {
        const { key, token } = newApiKey(tenant.id, args.sender, scopesFrom(args.scopes))
        await store.tenants.putKey(key)
        return say(token)
      }
      if (args.revoke !== undefined) {
        const key =
          (await store.tenants.key(tenant.id, args.revoke)) ?? refuse(`there is no key ${args.revoke}`)
        await store.tenants.putKey({ ...key, revokedAt: key.revokedAt ?? new Date().toISOString() })
        return say(`${key.id} is revoked; hubs notice within seconds`)
      }
      for (const { id, name, scopes, createdAt, revokedAt } of await store.tenants.keys(tenant.id))
        say([id, name, createdAt, revokedAt ? `revoked ${revokedAt}` : 'active', scopes.join(',')].join('  '))
    }),
})
