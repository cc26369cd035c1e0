import { AccountId, ProviderAccount, ProviderAccountInput } from '@carillon/schemas'
import { z } from 'zod'
import { exampleOf } from '../http/openapi/example.ts'
import { defineRoute } from '../http/routes.ts'

const Id = z.object({ id: AccountId })

const ProviderAccountList = z.object({ providers: z.array(ProviderAccount) }).meta({
  id: 'ProviderAccountList',
  description: 'All provider accounts of the tenant',
  examples: [{ providers: [exampleOf(ProviderAccount)] }],
})

export const putProviderAccount = defineRoute({
  method: 'put',
  path: '/v1/providers/{id}',
  operationId: 'putProviderAccount',
  tag: 'Providers',
  summary: 'Create or replace a provider account',
  description:
    'Stores an account with a provider; its config is encrypted at rest and never returned. An omitted `config` is kept. A tenant has at most 50 accounts.',
  params: Id,
  body: ProviderAccountInput,
  readOnly: ['id', 'configured'],
  answers: { 200: { description: 'Stored', schema: ProviderAccount } },
  problems: ['provider_unknown', 'quota_exceeded'],
})

export const getProviderAccount = defineRoute({
  method: 'get',
  path: '/v1/providers/{id}',
  operationId: 'getProviderAccount',
  tag: 'Providers',
  summary: 'Get a provider account',
  description: 'Returns an account without its credentials.',
  params: Id,
  answers: { 200: { description: 'The account', schema: ProviderAccount } },
  problems: ['not_found'],
})

export const listProviderAccounts = defineRoute({
  method: 'get',
  path: '/v1/providers',
  operationId: 'listProviderAccounts',
  tag: 'Providers',
  summary: 'List the provider accounts',
  description: 'Lists all accounts of the tenant. There are at most 50 of them.',
  answers: { 200: { description: 'The accounts', schema: ProviderAccountList } },
})

export const deleteProviderAccount = defineRoute({
  method: 'delete',
  path: '/v1/providers/{id}',
  operationId: 'deleteProviderAccount',
  tag: 'Providers',
  summary: 'Delete a provider account',
  description: 'Deletes an account and its credentials, if it exists.',
  params: Id,
  answers: { 204: { description: 'Deleted' } },
})
