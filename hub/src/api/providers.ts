import { type Endpoints, endpointUrlOf } from '@carillon/core/delivery/endpoints'
import type { Providers } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import type { Http } from '@carillon/core/http/port'
import type { Accounts, StoredAccount } from '@carillon/core/store/ports/accounts'
import {
  AccountId,
  type Issue,
  invalid,
  ProviderAccount,
  ProviderAccountInput,
  parse,
  problemDetails,
} from '@carillon/schemas'
import { z } from 'zod'
import { exampleOf } from '../http/openapi/example.ts'
import type { Routes } from '../http/routes.ts'

/** The most provider accounts of a tenant. */
const ACCOUNTS_MAX = 50

const Id = z.object({ id: AccountId })

const ProviderAccountList = z.object({ providers: z.array(ProviderAccount) }).meta({
  id: 'ProviderAccountList',
  description: 'All provider accounts of the tenant',
  examples: [{ providers: [exampleOf(ProviderAccount)] }],
})

const shown = ({ config, ...account }: StoredAccount): ProviderAccount => ({
  ...account,
  configured: Object.keys(config),
})

/** Returns every URL in a config, with its path. */
const urlsIn = (value: unknown, path: PropertyKey[]): { path: PropertyKey[]; url: string }[] => {
  if (typeof value === 'string') return /^https?:/i.test(value) ? [{ path, url: value }] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => urlsIn(inner, [...path, key]))
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
  const { accounts, providers, endpoints, http } = parts

  const refuse = (what: string, faults: readonly Issue[]) => {
    const errors = problemDetails(faults)
    return new ProblemError('invalid_request', invalid(what, errors), { errors })
  }

  /** Returns the account to store. Throws `provider_unknown`, and `invalid_request` with every issue. */
  const accept = (id: string, account: ProviderAccountInput): StoredAccount => {
    const provider = providers.get(account.provider)
    if (!provider)
      throw new ProblemError(
        'provider_unknown',
        `there is no such provider; known are ${[...providers.keys()].sort().join(', ')}`,
        {
          errors: [{ pointer: '/provider', message: 'there is no such provider' }],
        },
      )
    const parsed = parse(provider.config, account.config)
    if (!parsed.success)
      throw refuse(
        `the config of ${provider.name}`,
        parsed.issues.map(({ path, message }) => ({ path: ['config', ...path], message })),
      )
    const unreachable = urlsIn(account.config, ['config']).flatMap(({ path, url }) => {
      const message = http.refusal(url)
      return message === undefined ? [] : [{ path, message }]
    })
    if (unreachable.length > 0) throw refuse('the config', unreachable)
    const channels = [...new Set(account.channels ?? provider.channels)]
    const unserved = channels.flatMap((channel, index) =>
      provider.channels.includes(channel)
        ? []
        : [
            {
              path: ['channels', index],
              message: `${provider.name} serves ${provider.channels.join(', ')}`,
            },
          ],
    )
    if (unserved.length > 0) throw refuse('the account', unserved)
    return { ...account, id, channels }
  }

  routes.sender(
    'providers:write',
    {
      method: 'put',
      path: '/v1/providers/{id}',
      operationId: 'putProviderAccount',
      tag: 'Providers',
      summary: 'Create or replace a provider account',
      description:
        'Stores an account with a provider; its config is encrypted at rest and never returned. A tenant has at most 50 accounts.',
      params: Id,
      body: ProviderAccountInput,
      answers: { 200: { description: 'Stored', schema: ProviderAccount } },
      problems: ['provider_unknown'],
    },
    async ({ c, params, body }, { tenant }) => {
      const account = accept(params.id, await body())
      const known = await accounts.list(tenant)
      if (known.length >= ACCOUNTS_MAX && !known.some(({ id }) => id === params.id))
        throw new ProblemError('invalid_request', `a tenant has at most ${ACCOUNTS_MAX} provider accounts`)
      await accounts.put(tenant, account)
      const endpoint = endpointUrlOf(account.config)
      if (endpoint !== undefined) await endpoints.registered(tenant, endpoint)
      return c.json(shown(account))
    },
  )

  routes.sender(
    'providers:read',
    {
      method: 'get',
      path: '/v1/providers/{id}',
      operationId: 'getProviderAccount',
      tag: 'Providers',
      summary: 'Get a provider account',
      description: 'Returns an account without its credentials.',
      params: Id,
      answers: { 200: { description: 'The account', schema: ProviderAccount } },
      problems: ['not_found'],
    },
    async ({ c, params }, { tenant }) => {
      const account = (await accounts.list(tenant)).find(({ id }) => id === params.id)
      if (!account) throw new ProblemError('not_found', 'there is no such provider account')
      return c.json(shown(account))
    },
  )

  routes.sender(
    'providers:read',
    {
      method: 'get',
      path: '/v1/providers',
      operationId: 'listProviderAccounts',
      tag: 'Providers',
      summary: 'List the provider accounts',
      description: 'Lists all accounts of the tenant. There are at most 50 of them.',
      answers: { 200: { description: 'The accounts', schema: ProviderAccountList } },
    },
    async ({ c }, { tenant }) => c.json({ providers: (await accounts.list(tenant)).map(shown) }),
  )

  routes.sender(
    'providers:write',
    {
      method: 'delete',
      path: '/v1/providers/{id}',
      operationId: 'deleteProviderAccount',
      tag: 'Providers',
      summary: 'Delete a provider account',
      description: 'Deletes an account and its credentials, if it exists.',
      params: Id,
      answers: { 204: { description: 'Deleted' } },
    },
    async ({ c, params }, { tenant }) => {
      await accounts.remove(tenant, params.id)
      return c.body(null, 204)
    },
  )
}
