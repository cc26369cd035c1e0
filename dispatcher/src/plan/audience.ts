import { dueKey } from '@carillon/core/notification/ids'
import { type Addressed, addressedBy, addresseesOf } from '@carillon/core/routing/addressees'
import type { Decision } from '@carillon/core/routing/decision'
import { lateForAll } from '@carillon/core/routing/delivery-time'
import { cancelledForAll, conditionForAll, decisionsForAll, endForAll } from '@carillon/core/routing/plan'
import type { Store } from '@carillon/core/store/port'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import { SLOTS } from '@carillon/core/store/ports/walk'
import { EVERYBODY } from '@carillon/core/store/rules/decision-rows'
import { OUTSIDE } from '@carillon/core/store/rules/notification-state'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import { scheduleSubject, workSubject } from '@carillon/schemas'
import type { Pinned } from '../intake/ready.ts'
import { CHAINS, firstChunks, walk } from './fan-out.ts'
import { type OpenedChain, openLocal } from './local-time.ts'
import { lookUpPeople, needsPeople } from './person-facts.ts'
import type { ReadChosen } from './preferences.ts'
import type { ReadAhead } from './read-ahead.ts'
import { decisionEntry, type PlannedPeople, planRecipients } from './recipients.ts'
import { recordOf, USERS_KEPT } from './record.ts'
import type { DueWork } from './work.ts'

/** The plan of one notification: what to store now, and messages for the log. `opened`: chains for local times. */
export type NotificationPlan = Omit<PlannedPeople, 'waiting'> & {
  record: NotificationRecord
  opened: OpenedChain[]
  messages: OutgoingMessage[]
}

const encoder = new TextEncoder()
const DIRECTLY: readonly Addressed[] = [{ by: 'user' }]

/** A plan without recipients. The record names the users it is for if they are few, so that lists by user show it. */
const nobody = (pinned: Pinned, messages: OutgoingMessage[] = []): NotificationPlan => {
  const { users } = addresseesOf(pinned.ready.notification)
  const absent = users.length > 0 && users.length <= USERS_KEPT ? { absent: users } : {}
  return {
    batch: { ...pinned, recipients: [], unnamed: false },
    against: [],
    record: { ...recordOf(pinned, 0, { recipients: [] }), ...absent },
    opened: [],
    messages,
  }
}

/** Plans a notification that waits in the log until its `deliverAt`. */
export const postpone = (pinned: Pinned): NotificationPlan => {
  const { ready } = pinned
  const work: DueWork = { ready }
  return nobody(pinned, [
    {
      subject: workSubject('due', ready.notification.priority, ready.tenant),
      data: encoder.encode(JSON.stringify(work)),
      schedule: { at: ready.at, key: scheduleSubject(ready.tenant, 'deliver_at', dueKey(ready.id)) },
    },
  ])
}

/** The plan of a notification that ends for all recipients. Nobody waits for a local time. */
const ended = (pinned: Pinned, end: Decision): NotificationPlan => {
  const plan = nobody(pinned)
  const record = { ...plan.record, lastAt: undefined }
  return { ...plan, record, against: [decisionEntry(pinned.ready, EVERYBODY, end)] }
}

/** Plans a notification that was cancelled before it was read. */
export const cancelledPlan = (pinned: Pinned, now: number): NotificationPlan =>
  ended(pinned, cancelledForAll(now))

/**
 * Plans a notification with named recipients from what was read ahead. Most notifications are of this kind, so nothing is
 * awaited. Returns undefined if more has to be read. Pure.
 */
export const planNamed = (pinned: Pinned, ahead: ReadAhead, now: number): NotificationPlan | undefined => {
  const { ready, type } = pinned
  const { notification } = ready
  const tenancy = ahead.tenancy(ready)
  const end =
    endForAll(ready, now) ??
    lateForAll({ ...notification, asked: ready.at }, now) ??
    conditionForAll({ notification, type, tenancy }, now)
  if (end) return ended(pinned, end)
  const { users, audiences } = addresseesOf(notification)
  const chosen = ahead.chosen(pinned, users)
  if (audiences.length > 0 || !chosen || needsPeople(pinned)) return undefined
  const people = users.map((user) => [user, DIRECTLY] as const)
  const { batch, against } = planRecipients(pinned, people, { ...chosen, tenancy, now, partial: false })
  const forAll = decisionsForAll({ notification, type, tenancy }, now)
  return { batch, against, record: recordOf(pinned, 0, batch, forAll), opened: [], messages: [] }
}

/**
 * Looks up the recipients of a notification that `planNamed` cannot plan, and plans it for each of them. An audience that
 * fits into one chunk is read at once. A larger one becomes the first chunks of a fan-out.
 */
export const createPlanAudience =
  (store: Pick<Store, 'users' | 'topics'>, chosen: ReadChosen) =>
  async (pinned: Pinned, ahead: ReadAhead): Promise<NotificationPlan> => {
    const { ready, type } = pinned
    const now = Date.now()
    const { users, audiences } = addresseesOf(ready.notification)
    const people = new Map(users.map((user) => [user, DIRECTLY]))
    const messages: OutgoingMessage[] = []
    let chains = 0
    for (const audience of audiences) {
      const { users: members, next } = await walk(store, ready.tenant, audience, { from: 0, to: SLOTS })
      if (next) {
        messages.push(...firstChunks({ ...ready, toAudience: true }, audience, chains))
        chains += CHAINS
        continue
      }
      const by = [addressedBy(audience)]
      for (const member of members) {
        const ways = people.get(member)
        people.set(member, ways ? [...ways, ...by] : by)
      }
    }
    const marked: Pinned = { ...pinned, ready: { ...ready, toAudience: chains > 0 } }
    const tenancy = ahead.tenancy(ready)
    const partial = chains > 0
    const planned = planRecipients(marked, people, {
      ...(await chosen(pinned, [...people.keys()])),
      ...(await lookUpPeople(store, pinned, people.keys())),
      ...{ tenancy, now, partial },
    })
    const { batch, against, waiting } = planned
    const forAll = decisionsForAll({ notification: ready.notification, type, tenancy }, now)
    const record = recordOf(marked, chains, { recipients: batch.recipients, waiting }, forAll)
    const opened = openLocal(planned, { users: [...people.keys()], opener: OUTSIDE, partial })
    return { batch, against, record, opened, messages }
  }
