import type { SettingsCache } from '@carillon/core/cache/tenants-and-types'
import { ProblemError } from '@carillon/core/errors'
import { signUserToken, USER_TOKEN_MAX_SECONDS } from '@carillon/core/security/user-tokens'
import type { StoredUser, Users } from '@carillon/core/store/ports/users'
import { Timestamp, UserId, UserProfile } from '@carillon/schemas'
import { z } from 'zod'
import type { Routes } from '../http/routes.ts'
import type { Erase } from '../users/erase.ts'

const Id = z.object({ id: UserId })
const User = UserProfile.extend({ id: UserId })

/** A signed user token and when it ends. */
export const IssuedToken = z.object({ token: z.string(), expiresAt: Timestamp })

const outside = ({ id, profile }: StoredUser) => ({ id, ...profile })

export const userRoutes = (
  routes: Routes,
  { users, erase, cache }: { users: Users; erase: Erase; cache: SettingsCache },
) => {
  routes.sender(
    'users:write',
    {
      method: 'put',
      path: '/v1/users/{id}',
      summary: 'Create or replace a user; ends an erasure',
      params: Id,
      body: UserProfile,
      answers: { 200: { description: 'The user as stored', schema: User } },
    },
    async ({ c, params, body }, { tenant }) => {
      const user = { id: params.id, profile: await body() }
      await users.put(tenant, user)
      return c.json(outside(user))
    },
  )

  routes.sender(
    'users:read',
    {
      method: 'get',
      path: '/v1/users/{id}',
      summary: 'What is known of a user',
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
      summary: 'Erase a user: profile, inbox, devices, memberships',
      params: Id,
      answers: {
        204: {
          description:
            'Erased. Tokens issued before are refused, and what is sent to the user is skipped until PUT /v1/users/{id}',
        },
      },
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
      summary: "Sign a token for a user's apps",
      params: Id,
      body: z.strictObject({ ttlSeconds: z.int().min(1).max(USER_TOKEN_MAX_SECONDS).optional() }),
      bodyOptional: true,
      answers: { 200: { description: 'A user token; the user need not be known', schema: IssuedToken } },
      problems: ['tenant_unknown'],
    },
    async ({ c, params, body }, sender) => {
      const { ttlSeconds } = await body()
      const tenant = await cache.tenant(sender.tenant)
      if (!tenant) throw new ProblemError('tenant_unknown', 'the tenant of this API key is gone')
      return c.json(await signUserToken(tenant, params.id, ttlSeconds), 200, { 'cache-control': 'no-store' })
    },
  )
}
