import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { ProblemError } from '@carillon/core/errors'
import { timesMessage } from '@carillon/core/preferences/times-message'
import { signUserToken, USER_TOKEN_MAX_SECONDS } from '@carillon/core/security/user-tokens'
import type { StoredUser, Users } from '@carillon/core/store/ports/users'
import type { Stream } from '@carillon/core/stream/port'
import { Timestamp, TokenContexts, UserId, UserProfile } from '@carillon/schemas'
import { z } from 'zod'
import type { Routes } from '../http/routes.ts'
import type { Erase } from '../users/erase.ts'

const Id = z.object({ id: UserId })
const User = z.object({ id: UserId, ...UserProfile.shape }).meta({
  id: 'User',
  description: 'A user with a profile',
  examples: [{ id: 'ada', name: 'Ada Lovelace', email: 'ada@example.com', locale: 'pt-BR' }],
})

const TokenRequest = z
  .strictObject({
    ttlSeconds: z
      .int()
      .min(1)
      .max(USER_TOKEN_MAX_SECONDS)
      .optional()
      .describe('The lifetime of the token, in seconds. Defaults to one hour'),
    contexts: TokenContexts.optional().describe(
      'The contexts that the token is limited to; the empty string stands for items without one. Defaults to all',
    ),
  })
  .meta({
    id: 'UserTokenRequest',
    description: 'The token to issue',
    examples: [{ ttlSeconds: 3_600, contexts: ['org-7'] }],
  })

/** A signed user token and its expiry. */
export const IssuedToken = z
  .object({
    token: z.string().describe('A JSON Web Token, for `Authorization: Bearer` and for live connections'),
    expiresAt: Timestamp.describe('When it expires'),
  })
  .meta({
    id: 'UserToken',
    description: 'A token of one user',
    examples: [
      {
        token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl',
        expiresAt: '2026-01-31T10:00:00.000Z',
      },
    ],
  })

const outside = ({ id, profile }: StoredUser) => ({ id, ...profile })

export const userRoutes = (
  routes: Routes,
  {
    users,
    erase,
    cache,
    stream,
  }: { users: Users; erase: Erase; cache: SettingsCache; stream: Pick<Stream, 'publish'> },
) => {
  routes.sender(
    'users:write',
    {
      method: 'put',
      path: '/v1/users/{id}',
      operationId: 'putUser',
      tag: 'Users',
      summary: 'Create or replace a user',
      description:
        'Stores the profile of a user. Omitted attributes are removed. Ends an erasure. A change of the time zone reschedules what waits for a local time of the user.',
      params: Id,
      body: UserProfile,
      readOnly: ['id'],
      answers: { 200: { description: 'Stored', schema: User } },
    },
    async ({ c, params, body }, { tenant }) => {
      const user = { id: params.id, profile: await body() }
      const [before] = await users.get(tenant, [user.id])
      if (before && before.profile.timezone !== user.profile.timezone)
        await stream.publish([timesMessage(tenant, user.id, Date.now())])
      await users.put(tenant, user)
      return c.json(outside(user))
    },
  )

  routes.sender(
    'users:read',
    {
      method: 'get',
      path: '/v1/users/{id}',
      operationId: 'getUser',
      tag: 'Users',
      summary: 'Get a user',
      description: 'Returns the profile of a user.',
      params: Id,
      answers: { 200: { description: 'The user', schema: User } },
      problems: ['not_found'],
    },
    async ({ c, params }, { tenant }) => {
      const [user] = await users.get(tenant, [params.id])
      if (!user) throw new ProblemError('not_found', 'there is no such user')
      return c.json(outside(user))
    },
  )

  routes.sender(
    'users:write',
    {
      method: 'delete',
      path: '/v1/users/{id}',
      operationId: 'eraseUser',
      tag: 'Users',
      summary: 'Erase a user',
      description:
        'Erases the profile, inbox, devices and topic memberships of a user. Tokens issued before are refused, and notifications to the user are skipped, until `putUser`.',
      params: Id,
      answers: { 204: { description: 'Erased' } },
    },
    async ({ c, params }, { tenant }) => {
      await erase({ tenant, user: params.id })
      return c.body(null, 204)
    },
  )

  routes.sender(
    'tokens:write',
    {
      method: 'post',
      path: '/v1/users/{id}/token',
      operationId: 'issueUserToken',
      tag: 'Users',
      summary: 'Issue a token for the apps of a user',
      description: 'Signs a token that lets front ends act as this user. The user need not exist.',
      params: Id,
      body: TokenRequest,
      bodyOptional: true,
      answers: { 200: { description: 'Token issued', schema: IssuedToken } },
      problems: ['tenant_unknown'],
    },
    async ({ c, params, body }, sender) => {
      const { ttlSeconds, contexts } = await body()
      const tenant = await cache.tenant(sender.tenant)
      if (!tenant) throw new ProblemError('tenant_unknown', 'the tenant of this API key has been deleted')
      const issued = await signUserToken(tenant, params.id, ttlSeconds, contexts)
      return c.json(issued, 200, { 'cache-control': 'no-store' })
    },
  )
}
