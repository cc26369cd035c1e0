import { ProblemError } from '@carillon/core/errors'
import { itemId } from '@carillon/core/notification/ids'
import { explain } from '@carillon/core/routing/explain'
import type { Store } from '@carillon/core/store/port'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import { Explanation, NotificationId, UserId } from '@carillon/schemas'
import { z } from 'zod'
import type { Routes } from '../http/routes.ts'
import type { LocalDue } from '../notifications/local-due.ts'
import { shownDecision } from '../notifications/shown-decision.ts'
import { createWindowTimes, withCurrentEnds } from '../notifications/window-times.ts'
import { isToAudience } from './deliveries.ts'

export const explainRoutes = (
  routes: Routes,
  {
    inbox,
    notifications,
    deliveries,
    decisions,
    digests,
    localTimes,
  }: Pick<Store, 'inbox' | 'notifications' | 'deliveries' | 'decisions' | 'digests'> & {
    localTimes: LocalDue
  },
) => {
  const windowTimes = createWindowTimes({ digests, deliveries })
  const itemOf = async (tenant: string, user: string, record: NotificationRecord | undefined) => {
    if (!record) return undefined
    const at = Math.max(record.acceptedAt, record.deliverAt ?? 0)
    const [item] = await inbox.get({ tenant, user }, [itemId(tenant, record.id, user, at)])
    return item
  }

  routes.sender(
    'notifications:read',
    {
      method: 'get',
      path: '/v1/notifications/{id}/explain',
      operationId: 'explainNotification',
      tag: 'Notifications',
      summary: 'Explain the decisions about a notification and a user',
      description:
        'Returns every decision about a notification and a user in the order in which they were taken: why an item was or was not stored, why each step of the delivery plan was sent, skipped or deferred, and what providers said. Each has a reason and a sentence. Decisions are returned as recorded; later changes, such as a preference, do not change them.',
      params: z.object({ id: NotificationId }),
      query: z.strictObject({ user: UserId.describe('The user') }),
      answers: { 200: { description: 'The decisions', schema: Explanation } },
      problems: ['not_found'],
    },
    async ({ c, params: { id }, query: { user } }, { tenant }) => {
      const record = await notifications.get(tenant, id)
      const which = { id, toAudience: isToAudience(record), user }
      const [recorded, passed, [rows = []], item] = await Promise.all([
        decisions.of(tenant, which),
        deliveries.passed(tenant, which),
        deliveries.of(tenant, [which]),
        itemOf(tenant, user, record),
      ])
      // One-time passwords have deliveries, but no record.
      if (!record && rows.length === 0) throw new ProblemError('not_found', 'there is no such notification')
      const known = item !== undefined || record?.users?.includes(user)
      const received = record && !known ? await inbox.received({ tenant, user }, id) : false
      const times = record && (await localTimes(record, user))
      const current = await windowTimes(tenant, rows)
      const stored = withCurrentEnds(recorded, rows, current)
      const facts = {
        record,
        stored,
        passed,
        deliveries: current,
        item,
        received,
        ...times,
        now: Date.now(),
      }
      const test = record?.test ? { test: true } : {}
      return c.json({ ...test, decisions: explain(user, facts).map(shownDecision) }, 200, {
        'cache-control': 'no-store',
      })
    },
  )
}
