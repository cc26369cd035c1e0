import type { Topics } from '@carillon/core/store/ports/topics'
import { type Place, SLOTS } from '@carillon/core/store/ports/walk'
import { LIST_MAX, TopicKey, UserId } from '@carillon/schemas'
import { z } from 'zod'
import type { Cursors } from '../http/cursor.ts'
import type { Routes } from '../http/routes.ts'
import type { ErasureGuard } from '../users/erasure-guard.ts'

const Key = z.object({ key: TopicKey })
const Membership = z.object({ key: TopicKey, user: UserId })
const done = { 204: { description: 'It is so' } }

const placeOf = (position: string): Place => {
  const split = position.indexOf(' ')
  return { slot: Number(position.slice(0, split)), user: position.slice(split + 1) }
}

export const topicRoutes = (
  routes: Routes,
  { topics, guard, cursors }: { topics: Topics; guard: ErasureGuard; cursors: Cursors },
) => {
  const add = (tenant: string, topic: string, users: readonly string[]) =>
    guard(tenant, users, {
      write: () => topics.add(tenant, topic, users),
      undo: (erased) => topics.remove(tenant, topic, erased),
    })

  routes.sender(
    'topics:write',
    {
      method: 'put',
      path: '/v1/topics/{key}/members/{user}',
      summary: 'Add a member',
      params: Membership,
      answers: done,
    },
    async ({ c, params }, { tenant }) => {
      await add(tenant, params.key, [params.user])
      return c.body(null, 204)
    },
  )

  routes.sender(
    'topics:write',
    {
      method: 'delete',
      path: '/v1/topics/{key}/members/{user}',
      summary: 'Remove a member',
      params: Membership,
      answers: done,
    },
    async ({ c, params }, { tenant }) => {
      await topics.remove(tenant, params.key, [params.user])
      return c.body(null, 204)
    },
  )

  routes.sender(
    'topics:write',
    {
      method: 'post',
      path: '/v1/topics/{key}/members',
      summary: 'Add up to 1,000 members',
      params: Key,
      body: z.strictObject({ users: z.array(UserId).min(1).max(LIST_MAX) }),
      bodyMaxBytes: 256 * 1_024,
      answers: done,
    },
    async ({ c, params, body }, { tenant }) => {
      const { users } = await body()
      await add(tenant, params.key, [...new Set(users)])
      return c.body(null, 204)
    },
  )

  routes.sender(
    'topics:read',
    {
      method: 'get',
      path: '/v1/topics/{key}/members',
      summary: 'List the members, in no order',
      params: Key,
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(LIST_MAX).default(100),
        after: z.string().optional().describe('The `next` of the page before'),
      }),
      answers: {
        200: {
          description: 'A page of members',
          schema: z.object({ users: z.array(UserId), next: z.string().nullable() }),
        },
      },
      problems: ['cursor_invalid'],
    },
    async ({ c, params, query }, { tenant }) => {
      const list = ['topic', tenant, params.key]
      const after = query.after === undefined ? undefined : placeOf(cursors.read(list, query.after))
      const { users, next } = await topics.walk(
        tenant,
        params.key,
        { from: 0, to: SLOTS, after },
        query.limit,
      )
      return c.json({ users, next: next ? cursors.make(list, `${next.slot} ${next.user}`) : null })
    },
  )
}
