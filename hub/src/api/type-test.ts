import { ProblemError } from '@carillon/core/errors'
import type { Types } from '@carillon/core/store/ports/types'
import { type Channel, type NotificationType, TypeKey, TypeTestInput } from '@carillon/schemas'
import { uuidv7 } from 'uuidv7'
import { z } from 'zod'
import type { Routes } from '../http/routes.ts'
import type { Acceptance } from '../notifications/accept.ts'
import { Receipt } from './notifications-openapi.ts'

const Key = z.object({ key: TypeKey })

/** The channels that a test goes to: the given ones, else those of the type's plan. The inbox is not a step. */
const channelsOf = ({ plan = [] }: NotificationType, given: TypeTestInput['channels']): Channel[] => {
  const wanted = given ?? plan.map(({ channel }) => channel)
  return [...new Set(wanted)].filter((channel) => channel !== 'inbox')
}

/** Returns the notification of a test. It uses every channel at once, whether or not the user has read it. */
const notificationOf = (type: NotificationType, { to, channels, data, context }: TypeTestInput) => ({
  ...{ to, type: type.key, data: data ?? type.sample ?? {}, test: true },
  ...(context === undefined ? {} : { context }),
  inbox: channels && !channels.includes('inbox') ? 'none' : 'shown',
  plan: channelsOf(type, channels).map((channel) => ({ channel, when: 'always', after: 0 })),
})

export const typeTestRoutes = (
  routes: Routes,
  { types, acceptance }: { types: Pick<Types, 'get'>; acceptance: Acceptance },
) => {
  routes.sender(
    'notifications:write',
    {
      method: 'post',
      path: '/v1/types/{key}/test',
      operationId: 'testType',
      tag: 'Types',
      summary: 'Send a test of a notification type',
      description:
        'Sends a notification of the version in force or of another, at once, on the given channels or on all channels of its plan. Its title and subject start with `[Test]`, and its status has `test`. Preferences, suppressions and erasure apply as to any other. `GET /v1/notifications/{id}/explain` says which channels it did not reach, and why.',
      params: Key,
      body: TypeTestInput,
      answers: { 202: { description: 'Accepted', schema: Receipt } },
      problems: ['not_found', 'no_app_url', 'payload_too_large'],
    },
    async ({ c, params: { key }, body }, sender) => {
      const input = await body()
      const type = await types.get(sender.tenant, key, input.version)
      if (!type) throw new ProblemError('not_found', 'there is no such notification type or version')
      const value = notificationOf(type, input)
      const accepted = await acceptance.check(sender, () => ({ value, at: [] }), uuidv7, {
        version: type.version,
      })
      const [refused] = await acceptance.append([accepted])
      if (refused) throw refused
      const { id, warnings } = accepted
      return c.json({ id, ...(warnings.length > 0 ? { warnings } : {}) }, 202)
    },
  )
}
