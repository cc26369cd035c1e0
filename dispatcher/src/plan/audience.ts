import { dueKey } from '@carillon/core/notification/ids'
import { recipientsOf } from '@carillon/core/routing/addressees'
import type { Store } from '@carillon/core/store/port'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import { SLOTS } from '@carillon/core/store/ports/walk'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import { scheduleSubject, workSubject } from '@carillon/schemas'
import { type Portion, USERS_KEPT } from '../inbox/deliver.ts'
import type { DueWork, Ready } from '../work.ts'
import { CHAINS, firstPages, walk } from './fan-out.ts'

/** What one notification leads to now (its portion of recipients, its record) and later (messages for the log). */
export type Expansion = { portion: Portion; record: NotificationRecord; messages: OutgoingMessage[] }

const encoder = new TextEncoder()

const recordOf = (
  { tenant, id, acceptedAt, notification, fingerprint, plan }: Ready,
  chains: number,
  direct: readonly string[],
): NotificationRecord => ({
  tenant,
  id,
  type: notification.type,
  priority: notification.priority,
  acceptedAt,
  fingerprint,
  deliverAt: notification.deliverAt === undefined ? undefined : Date.parse(notification.deliverAt),
  expiresAt: notification.expiresAt === undefined ? undefined : Date.parse(notification.expiresAt),
  chains,
  direct: direct.length,
  ...(chains === 0 && direct.length <= USERS_KEPT ? { users: [...direct] } : {}),
  ...(plan.length > 0 ? { planned: true as const } : {}),
})

/** Stores nothing in any inbox now. Users who are named, if they are few, can still be told of it. */
const nothing = (ready: Ready, messages: OutgoingMessage[] = []): Expansion => {
  const { users } = recipientsOf(ready.notification)
  const absent = users.length > 0 && users.length <= USERS_KEPT ? { absent: users } : {}
  return {
    portion: { ready, users: [] },
    record: { ...recordOf(ready, 0, []), ...absent },
    messages,
  }
}

/** Waits in the log until its `deliverAt`. */
export const postpone = (ready: Ready): Expansion => {
  const work: DueWork = { ready }
  return nothing(ready, [
    {
      subject: workSubject('due', ready.notification.priority, ready.tenant),
      data: encoder.encode(JSON.stringify(work)),
      schedule: { at: ready.at, key: scheduleSubject(ready.tenant, dueKey(ready.id)) },
    },
  ])
}

/**
 * Finds out who a notification is for. An audience that fits one page is read here and now; a larger one becomes
 * the first pages of a fan-out.
 */
export const createExpand =
  (store: Pick<Store, 'users' | 'topics'>) =>
  async (ready: Ready): Promise<Expansion> => {
    if (ready.expiresAt <= Date.now()) return nothing(ready)
    const { users, audiences, excluded } = recipientsOf(ready.notification)
    const direct = new Set(users)
    const messages: OutgoingMessage[] = []
    let chains = 0
    for (const audience of audiences) {
      const { users: members, next } = await walk(store, ready.tenant, audience, { from: 0, to: SLOTS })
      if (next) {
        messages.push(...firstPages({ ...ready, toAudience: true }, audience, [...excluded], chains))
        chains += CHAINS
      } else for (const member of members) if (!excluded.has(member)) direct.add(member)
    }
    const found = [...direct]
    return {
      portion: { ready: { ...ready, toAudience: chains > 0 }, users: found },
      record: recordOf(ready, chains, found),
      messages,
    }
  }
