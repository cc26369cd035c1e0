import type { Topics } from '@carillon/core/store/ports/topics'
import { type Place, SLOTS } from '@carillon/core/store/ports/walk'
import { LIST_MAX, TopicKey, UserId } from '@carillon/schemas'
import { z } from 'zod'
import type { Cursors } from '../http/cursor.ts'
import type { Routes } from '../http/routes.ts'
import type { ErasureGuard } from '../users/erasure-guard.ts'
import { cursor, limit, next as nextCursor } from './paging.ts'

const Key = z.object({ key: TopicKey })
const Membership = z.object({ key: TopicKey, user: UserId })
const TopicMembers = z
  .strictObject({ users: z.array(UserId).min(1).max(LIST_MAX).describe('The ids of the users') })
  .meta({
    id: 'TopicMembers',
    description: 'Users to add to a topic',
    examples: [{ users: ['ada', 'grace'] }],
  })
const TopicMemberPage = z
  .object({ users: z.array(UserId).describe('The ids of members'), next: nextCursor('after') })
  .meta({
    id: 'TopicMemberPage',
    description: 'A page of members of a topic',
    examples: [{ users: ['ada', 'grace'], next: null }],
  })

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
      operationId: 'addTopicMember',
      tag: 'Topics',
      summary: 'Add a user to a topic',
      description: 'Adds a user to a topic. A topic exists while it has members; the user need not exist.',
      params: Membership,
      answers: { 204: { description: 'Member added' } },
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
      operationId: 'removeTopicMember',
      tag: 'Topics',
      summary: 'Remove a user from a topic',
      description:
        'Removes a user from a topic, if the user is a member. Items that the user already has stay.',
      params: Membership,
      answers: { 204: { description: 'Member removed' } },
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
      operationId: 'addTopicMembers',
      tag: 'Topics',
      summary: 'Add up to 1,000 users to a topic',
      description: 'Adds users to a topic. Existing members stay.',
      params: Key,
      body: TopicMembers,
      bodyMaxBytes: 256 * 1_024,
      answers: { 204: { description: 'Members added' } },
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
      operationId: 'listTopicMembers',
      tag: 'Topics',
      summary: 'List the members of a topic',
      description: 'Lists the members in no particular order.',
      params: Key,
      query: z.strictObject({ limit: limit(LIST_MAX, 100), after: cursor }),
      answers: { 200: { description: 'A page of members', schema: TopicMemberPage } },
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
