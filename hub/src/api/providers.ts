import { type Endpoints, endpointUrlOf } from '@carillon/core/delivery/endpoints'
import type { Provider, Providers } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import type { Http } from '@carillon/core/http/port'
import type { Accounts, StoredAccount } from '@carillon/core/store/ports/accounts'
import {
  type Issue,
  invalid,
  type ProviderAccount,
  type ProviderAccountInput,
  parse,
  problemDetails,
} from '@carillon/schemas'
import type { Routes } from '../http/routes.ts'
import {
  deleteProviderAccount,
  getProviderAccount,
  listProviderAccounts,
  putProviderAccount,
} from './providers-openapi.ts'

/** Maximum provider accounts per tenant. */
const ACCOUNTS_MAX = 50

const shown = ({ config, ...account }: StoredAccount): ProviderAccount => ({
  ...account,
  configured: Object.keys(config),
})

/** Returns every URL in a config with its path. */
const urlsIn = (value: unknown, path: PropertyKey[]): { path: PropertyKey[]; url: string }[] => {
  if (typeof value === 'string') return /^https?:/i.test(value) ? [{ path, url: value }] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => urlsIn(inner, [...path, key]))
}

const refusal = (what: string, issues: readonly Issue[]) => {
  const errors = problemDetails(issues)
  return new ProblemError('invalid_request', invalid(what, errors), { errors })
}

const configIssues = (provider: Provider, config: unknown): Issue[] => {
  const parsed = parse(provider.config, config)
  return parsed.success
    ? []
    : parsed.issues.map(({ path, message }) => ({ path: ['config', ...path], message }))
}

/** Returns the account to store. Throws `provider_unknown`, and `invalid_request` with every issue. */
const checkAccount = (
  id: string,
  account: Omit<StoredAccount, 'id' | 'channels'> & Pick<ProviderAccountInput, 'channels'>,
  { providers, http }: { providers: Providers; http: Pick<Http, 'refusal'> },
): StoredAccount => {
  const provider = providers.get(account.provider)
  if (!provider)
    throw new ProblemError(
      'provider_unknown',
      `unknown provider; the known ones are ${[...providers.keys()].sort().join(', ')}`,
      { errors: [{ pointer: '/provider', message: 'unknown provider' }] },
    )
  const invalidConfig = configIssues(provider, account.config)
  if (invalidConfig.length > 0) throw refusal(`the config of ${provider.name}`, invalidConfig)
  const unreachable = urlsIn(account.config, ['config']).flatMap(({ path, url }) => {
    const message = http.refusal(url)
    return message === undefined ? [] : [{ path, message }]
  })
  if (unreachable.length > 0) throw refusal('the config', unreachable)
  const channels = [...new Set(account.channels ?? provider.channels)]
  const message = `${provider.name} serves ${provider.channels.join(', ')}`
  const unserved = channels.flatMap((channel, index) =>
    provider.channels.includes(channel) ? [] : [{ path: ['channels', index], message }],
  )
  if (unserved.length > 0) throw refusal('the account', unserved)
  return { ...account, id, channels }
}

export const providerRoutes = (
  routes: Routes,
  parts: {
    accounts: Accounts
    providers: Providers
    endpoints: Pick<Endpoints, 'registered'>
    http: Pick<Http, 'refusal'>
  },
) => {
  const { accounts, endpoints } = parts

  routes.sender('providers:write', putProviderAccount, async ({ c, params, body }, { tenant }) => {
    const given = await body()
    const known = await accounts.list(tenant)
    const stored = known.find(({ id }) => id === params.id)
    const kept = stored?.provider === given.provider ? stored.config : {}
    const account = checkAccount(params.id, { ...given, config: given.config ?? kept }, parts)
    if (!stored && known.length >= ACCOUNTS_MAX)
      throw new ProblemError('quota_exceeded', `a tenant has at most ${ACCOUNTS_MAX} provider accounts`)
    await accounts.put(tenant, account)
    const endpoint = endpointUrlOf(account.config)
    if (endpoint !== undefined) await endpoints.registered(tenant, endpoint)
    return c.json(shown(account))
  })

  routes.sender('providers:read', getProviderAccount, async ({ c, params }, { tenant }) => {
    const account = (await accounts.list(tenant)).find(({ id }) => id === params.id)
    if (!account) throw new ProblemError('not_found', 'there is no such provider account')
    return c.json(shown(account))
  })

  routes.sender('providers:read', listProviderAccounts, async ({ c }, { tenant }) =>
    c.json({ providers: (await accounts.list(tenant)).map(shown) }),
  )

  routes.sender('providers:write', deleteProviderAccount, async ({ c, params }, { tenant }) => {
    await accounts.remove(tenant, params.id)
    return c.body(null, 204)
  })
}
