import { lookUpInContext } from '@carillon/core/contexts/in-context'
import { dueKey } from '@carillon/core/notification/ids'
import { type Addressed, addressedBy, addresseesOf } from '@carillon/core/routing/addressees'
import { conditionForAll, decisionsForAll, endForAll } from '@carillon/core/routing/plan'
import type { Store } from '@carillon/core/store/port'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import { SLOTS } from '@carillon/core/store/ports/walk'
import { EVERYBODY } from '@carillon/core/store/rules/decision-rows'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import { scheduleSubject, workSubject } from '@carillon/schemas'
import type { Pinned } from '../intake/ready.ts'
import { lookUpConditionFacts } from './condition-facts.ts'
import { CHAINS, firstChunks, walk } from './fan-out.ts'
import type { PreferencePorts, ReadChosen } from './preferences.ts'
import { decisionEntry, type PlannedPeople, planRecipients } from './recipients.ts'
import { recordOf, USERS_KEPT } from './record.ts'
import type { DueWork } from './work.ts'

/** The plan of one notification: what to store now, and messages for the log. */
export type NotificationPlan = PlannedPeople & { record: NotificationRecord; messages: OutgoingMessage[] }

const encoder = new TextEncoder()
const DIRECTLY: readonly Addressed[] = [{ by: 'user' }]

/** A plan without recipients. The record names the users it is for if they are few, so that lists by user show it. */
const nobody = (pinned: Pinned, messages: OutgoingMessage[] = []): NotificationPlan => {
  const { users } = addresseesOf(pinned.ready.notification)
  const absent = users.length > 0 && users.length <= USERS_KEPT ? { absent: users } : {}
  return {
    portion: { ...pinned, recipients: [] },
    against: [],
    record: { ...recordOf(pinned, 0, []), ...absent },
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
      schedule: { at: ready.at, key: scheduleSubject(ready.tenant, dueKey(ready.id)) },
    },
  ])
}

/**
 * Looks up the recipients of a notification and plans it for each of them. An audience that fits into one chunk is read
 * at once. A larger one becomes the first chunks of a fan-out.
 */
export const createPlanAudience =
  (store: Pick<Store, 'users' | 'topics'>, chosen: ReadChosen, cache: PreferencePorts['cache']) =>
  async (pinned: Pinned): Promise<NotificationPlan> => {
    const { ready } = pinned
    const now = Date.now()
    const place = await lookUpInContext(cache, ready.tenant, ready.notification.context)
    const sent = { notification: ready.notification, type: pinned.type, place }
    const end = endForAll(ready, now) ?? conditionForAll(sent, now)
    if (end) return { ...nobody(pinned), against: [decisionEntry(ready, EVERYBODY, end)] }
    const { users, audiences } = addresseesOf(ready.notification)
    const forAll = decisionsForAll({ notification: ready.notification, type: pinned.type }, now)
    const direct = users.map((user) => [user, DIRECTLY] as const)
    if (audiences.length === 0) {
      const planned = planRecipients(pinned, direct, {
        ...(await chosen(pinned, users)),
        ...(await lookUpConditionFacts(store, pinned, users)),
        place,
        now,
        partial: false,
      })
      return { ...planned, record: recordOf(pinned, 0, planned.portion.recipients, forAll), messages: [] }
    }
    const people = new Map(direct)
    const messages: OutgoingMessage[] = []
    let chains = 0
    for (const audience of audiences) {
      const { users: members, next } = await walk(store, ready.tenant, audience, { from: 0, to: SLOTS })
      if (next) {
        messages.push(...firstChunks({ ...ready, toAudience: true }, audience, chains))
        chains += CHAINS
        continue
      }
      const by = addressedBy(audience)
      for (const member of members) people.set(member, [...(people.get(member) ?? []), by])
    }
    const marked: Pinned = { ...pinned, ready: { ...ready, toAudience: chains > 0 } }
    const known = {
      ...(await chosen(pinned, [...people.keys()])),
      ...(await lookUpConditionFacts(store, pinned, people.keys())),
      place,
    }
    const { portion, against } = planRecipients(marked, people, { ...known, now, partial: chains > 0 })
    const record = recordOf(marked, chains, portion.recipients, forAll)
    return { portion, against, record, messages }
  }
